/*
 * Ends with status 5 by one of the instructions that store: ACCESS 0: SB, 1: SH, 2: AMOSWAP.W, 3: AMOADD.D, 4: SC.D,
 * 5: AMOCAS.D, 6: FSD, 7: C.SD, 8: a misaligned SD whose last byte is the first of tohost.
 */
#include "bare.h"
#define REQUEST (5 << 1 | 1)
main:
    li t0, 3 << 13
    csrs mstatus, t0
    la s0, tohost
    li s1, REQUEST
#if ACCESS == 0
    sb s1, 0(s0)
#elif ACCESS == 1
    sh s1, 0(s0)
#elif ACCESS == 2
    amoswap.w zero, s1, (s0)
#elif ACCESS == 3
    amoadd.d zero, s1, (s0)
#elif ACCESS == 4
    lr.d t0, (s0)
    sc.d t0, s1, (s0)
#elif ACCESS == 5
    li t0, 0
    .insn r 0x2f, 3, 0x14, t0, s0, s1 /* amocas.d, which this assembler may not know */
#elif ACCESS == 6
    fmv.d.x fa0, s1
    fsd fa0, 0(s0)
#elif ACCESS == 7
    c.sd s1, 0(s0)
#else
    slli s1, s1, 56
    sd s1, -7(s0)
#endif
1:  j 1b
