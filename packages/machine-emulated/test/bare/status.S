/* Ends with status STATUS. Also: the hart's number is in a0, and the device tree's magic is where a1 points. */
#include "bare.h"
main:
    bnez a0, bad
    lwu t0, 0(a1)
    li t1, 0xedfe0dd0
    bne t0, t1, bad
    END (STATUS << 1 | 1)
bad:
    FAIL 99
