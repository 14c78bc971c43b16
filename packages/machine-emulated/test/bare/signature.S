/* Leaves five words between begin_signature and end_signature. */
#include "bare.h"
main:
    la t0, begin_signature
    li t1, 0xffffffff89abcdef
    sd t1, 0(t0)
    sw t1, 12(t0)
    li t1, 0x7b
    sb t1, 16(t0)
    PASS
    .data
    .balign 16
    .globl begin_signature
begin_signature:
    .word 0, 0, 0x00c0ffee, 0, 0
    .globl end_signature
end_signature:
