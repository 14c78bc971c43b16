/*
 * What every bare program here begins with: machine mode at 0x80000000, a stack, no traps expected, and the two
 * doublewords of the host-target interface in a section of their own.
 *
 *   PASS            ends with status 0
 *   FAIL n          ends with status n (1 .. 127)
 *   EXPECT r, v, n  fails with n unless register r holds v; clobbers t6
 */
    .macro END value
    li t5, \value
    la t6, tohost
    sd t5, 0(t6)
9:  j 9b
    .endm

    .macro PASS
    END 1
    .endm

    .macro FAIL number
    END ((\number << 1) | 1)
    .endm

    .macro EXPECT register, value, number
    li t6, \value
    beq \register, t6, 8f
    FAIL \number
8:
    .endm

    .section .text.start, "ax"
    .globl _start
_start:
    la t0, unexpected
    csrw mtvec, t0
    la sp, stack_end
    j main
    .balign 4
unexpected:
    FAIL 126

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost
tohost: .dword 0
    .balign 64
    .globl fromhost
fromhost: .dword 0

    .bss
    .balign 16
    .space 4096
stack_end:

    .text
