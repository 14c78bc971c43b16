/* Prints by console commands and by the system call write, echoes a byte of input, ends by the system call exit. */
#include "bare.h"

    /* Hands t0 to the host and waits until it has taken it. */
    .macro TELL
1:  sd zero, fromhost, t6
    ld t1, tohost
    bnez t1, 1b
    sd t0, tohost, t6
    .endm

    /* Waits for an answer, into t1. */
    .macro HEAR
2:  ld t1, fromhost
    beqz t1, 2b
    sd zero, fromhost, t6
    .endm

main:
    la s0, text
put:
    lbu s1, 0(s0)
    beqz s1, call
    li t0, 0x0101000000000000
    or t0, t0, s1
    TELL
    addi s0, s0, 1
    j put
call:
    ld t1, tohost
    bnez t1, call
    sd zero, fromhost, t6
    la t0, block
    sd t0, tohost, t6
    HEAR
    ld s1, block
    EXPECT s1, 5, 1
    li t0, 0x0100000000000000
    sd t0, tohost, t6
    HEAR
    li t0, 0x0100000000000141
    beq t1, t0, echo
    FAIL 2
echo:
    li t0, 0x0101000000000041
    TELL
3:  ld t1, tohost
    bnez t1, 3b
    la t0, block
    li t1, 93
    sd t1, 0(t0)
    li t1, 11
    sd t1, 8(t0)
    sd t0, tohost, t6
4:  j 4b

    .data
text: .asciz "one "
more: .ascii "two \n"
    .balign 64
block: .dword 64, 1, more, 5, 0, 0, 0, 0
