/*
 * Virtual memory with LEVELS levels (3: Sv39, 4: Sv48, 5: Sv57). The program's own first 2 MiB are mapped one to one by a
 * supervisor's superpage; WINDOW, in the upper half, holds three pages: one to read and write, one to read, and one that
 * is the user's. Supervisor code looks at them and comes back to machine mode with a status in a0.
 */
#include "bare.h"
#define V 1
#define R 2
#define W 4
#define X 8
#define U 16
#define A 64
#define D 128
#define SUM (1 << 18)
#if LEVELS == 3
#define WINDOW 0xffffffc000000000
#elif LEVELS == 4
#define WINDOW 0xffff800000000000
#else
#define WINDOW 0xff00000000000000
#endif

    /* The entry at `address` becomes the table or page `target` (labels) with `flags`. */
    .macro ENTRY table, index, target, flags
    la t0, \target
    srli t0, t0, 2
    ori t0, t0, \flags
    la t1, \table
    li t2, \index * 8
    add t1, t1, t2
    sd t0, 0(t1)
    .endm

    /* Does one instruction that must trap with `cause` and `value`; the handler goes on after it. */
    .macro TRAPS cause, value, number, instruction:vararg
    li s10, 0
    \instruction
    EXPECT s10, \cause, \number
    li t6, \value
    beq s11, t6, 7f
    FAIL \number + 1
7:
    .endm

main:
    /* One to one: 0x80000000 is entry 2 of the gigabyte table. */
#if LEVELS >= 4
    ENTRY root, 0, low3, V
    ENTRY root, 256, high3, V
#else
    ENTRY root, 2, low2, V
    ENTRY root, 256, high2, V
#endif
#if LEVELS == 5
    ENTRY low3, 0, low4, V
    ENTRY low4, 2, low2, V
    ENTRY high3, 0, high4, V
    ENTRY high4, 0, high2, V
#elif LEVELS == 4
    ENTRY low3, 2, low2, V
    ENTRY high3, 0, high2, V
#endif
    li t0, (0x80000000 >> 2) | V | R | W | X | A | D
    la t1, low2
    sd t0, 0(t1)
    ENTRY high2, 0, high1, V
    ENTRY high1, 0, page0, V | R | W
    ENTRY high1, 1, page1, V | R
    ENTRY high1, 2, page2, V | R | W | U

    /* Everything is open to S mode; all page faults and the breakpoint come to it. Accessed and dirty bits are set. */
    li t0, 1 << 61
    csrs menvcfg, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 0xb108
    csrw medeleg, t0
    la t0, supervisor_trap
    csrw stvec, t0
    la t0, back
    csrw mtvec, t0
    la t0, root
    srli t0, t0, 12
    li t1, (LEVELS + 5) << 60
    or t0, t0, t1
    csrw satp, t0
    csrr t1, satp
    beq t0, t1, has_mode
    FAIL 1
has_mode:
    sfence.vma
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret

    .balign 4
supervisor_trap:
    csrr s10, scause
    csrr s11, stval
    csrr t6, sepc
    lhu t5, 0(t6)
    andi t5, t5, 3
    addi t6, t6, 2
    addi t5, t5, -3
    bnez t5, short
    addi t6, t6, 2
short:
    csrw sepc, t6
    sret

supervisor:
    li s0, WINDOW
    li s1, 0x1234
    sd s1, 8(s0)
    la t0, page0
    ld t1, 8(t0)
    EXPECT t1, 0x1234, 10
    ld t1, high1                     /* accessed and dirty: set by the machine */
    andi t1, t1, A | D
    EXPECT t1, A | D, 11
    li s1, WINDOW + 0x1000
    ld t1, 0(s1)
    EXPECT t1, 0x5678, 12
    TRAPS 15, WINDOW + 0x1010, 20, sd s1, 16(s1)
    li s2, WINDOW + 0x3000
    TRAPS 13, WINDOW + 0x3000, 22, ld t0, 0(s2)
    li s3, WINDOW + 0x2000
    TRAPS 13, WINDOW + 0x2004, 24, lw t0, 4(s3)
    TRAPS 15, WINDOW + 0x2000, 26, amoadd.w t0, t0, (s3)
    li t0, SUM
    csrs sstatus, t0
    ld t1, 0(s3)
    EXPECT t1, 0x9abc, 28
    csrc sstatus, t0
    /* Misaligned over two pages, the second of which may not be written: nothing happens. */
    li s4, WINDOW + 0xffc
    TRAPS 15, WINDOW + 0x1000, 30, sd s1, 0(s4)
    lw t1, 0(s4)
    EXPECT t1, 0, 32
    /* Execution in a page without X. */
    la t0, fetch_trap
    csrw stvec, t0
    jr s0
    .balign 4
fetch_trap:
    csrr t0, scause
    EXPECT t0, 12, 33
    csrr t0, stval
    li t1, WINDOW
    beq t0, t1, remap
    FAIL 34
remap:
    la t0, supervisor_trap
    csrw stvec, t0
    /* The read-only page becomes another one; after the fence it is seen. */
    ENTRY high1, 1, page2, V | R
    sfence.vma s1, zero
    ld t1, 0(s1)
    EXPECT t1, 0x9abc, 35
    /* An address whose upper bits are no copies of the topmost one. */
    li s5, WINDOW & 0x00ffffffffffffff
    TRAPS 13, WINDOW & 0x00ffffffffffffff, 36, ld t0, 0(s5)
    li a0, 0
    ecall

    .balign 4
back:
    csrr t0, mcause
    EXPECT t0, 9, 40
    PASS

    .data
    .balign 4096
root: .space 4096
low4: .space 4096
low3: .space 4096
low2: .space 4096
high4: .space 4096
high3: .space 4096
high2: .space 4096
high1: .space 4096
page0: .space 4096
page1: .dword 0x5678
    .space 4088
page2: .dword 0x9abc
    .space 4088
