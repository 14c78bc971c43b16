/* WFI until the CLINT's timer: 10 ms from now, then from there 10 ms more; the second arrives as a vectored interrupt. */
#include "bare.h"
#define CLINT_TIMECMP 0x2004000
#define CLINT_TIME 0x200bff8
main:
    li s0, CLINT_TIME
    li s1, CLINT_TIMECMP
    ld s2, 0(s0)
    li t0, 100000
    add s3, s2, t0
    sd s3, 0(s1)
    li t0, 0x80
    csrw mie, t0
    wfi
    ld t1, 0(s0)
    bgeu t1, s3, late_enough
    FAIL 1
late_enough:
    csrr t0, mip
    andi t0, t0, 0x80
    EXPECT t0, 0x80, 2
    la t0, vectors
    ori t0, t0, 1
    csrw mtvec, t0
    li t0, 100000
    add s3, s3, t0
    sd s3, 0(s1)
    csrsi mstatus, 8
wait:
    wfi
    j wait
    .balign 64
vectors:
    .rept 7
    j wrong
    .balign 4
    .endr
    j arrived
wrong:
    FAIL 3
    .balign 4
arrived:
    csrr t0, mcause
    EXPECT t0, 0x8000000000000007, 4
    ld t1, 0(s0)
    bgeu t1, s3, good
    FAIL 5
good:
    PASS
