/*
 * What a bare program finds: memory that PMP leaves open to S mode, menvcfg zero, and so page faults for accessed and
 * dirty bits that are missing, until ADUE is set.
 */
#include "bare.h"
#define IDENTITY (0x80000000 >> 2)
#define V_R_W 7
#define A (1 << 6)
#define D (1 << 7)
#define ADUE (1 << 61)
#define S_MODE_MPRV ((1 << 17) | (1 << 11))

    /* Loads or stores as a supervisor would; s0 becomes the cause, 0 for none. */
    .macro AS_SUPERVISOR instruction:vararg
    li s0, 0
    li t0, S_MODE_MPRV
    csrs mstatus, t0
    \instruction
    li t0, S_MODE_MPRV
    csrc mstatus, t0
    .endm

main:
    csrr t0, menvcfg
    EXPECT t0, 0, 1
    csrr t0, pmpcfg0
    EXPECT t0, 0x1f, 2
    csrr t0, pmpaddr0
    EXPECT t0, (1 << 54) - 1, 3
    csrr t0, mstatus
    li t1, (3 << 11) | 10
    and t0, t0, t1
    EXPECT t0, 0, 4

    la t0, trapped
    csrw mtvec, t0
    la s1, word
    AS_SUPERVISOR lw s2, 0(s1)
    EXPECT s0, 0, 5
    EXPECT s2, 0x1234, 6

    la t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    la s3, entry
    AS_SUPERVISOR lw s2, 0(s1)
    EXPECT s0, 13, 7
    ld t1, 0(s3)
    EXPECT t1, IDENTITY | V_R_W, 8
    li t1, IDENTITY | V_R_W | A
    sd t1, 0(s3)
    sfence.vma
    AS_SUPERVISOR lw s2, 0(s1)
    EXPECT s0, 0, 9
    AS_SUPERVISOR sw s2, 0(s1)
    EXPECT s0, 15, 10
    ld t1, 0(s3)
    EXPECT t1, IDENTITY | V_R_W | A, 11

    li t1, ADUE
    csrs menvcfg, t1
    sfence.vma
    AS_SUPERVISOR sw s2, 0(s1)
    EXPECT s0, 0, 12
    ld t1, 0(s3)
    EXPECT t1, IDENTITY | V_R_W | A | D, 13
    PASS

    .balign 4
trapped:
    csrr s0, mcause
    csrr t6, mepc
    lhu t5, 0(t6)
    andi t5, t5, 3
    addi t6, t6, 2
    addi t5, t5, -3
    bnez t5, 1f
    addi t6, t6, 2
1:  csrw mepc, t6
    li t5, 3 << 11
    csrs mstatus, t5
    mret

    .data
word: .word 0x1234
    .balign 4096
root:
    .dword 0, 0
entry:
    .dword IDENTITY | V_R_W
    .balign 4096
