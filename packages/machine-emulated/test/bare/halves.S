/*
 * Stores requests in two words and waits for nothing, as programs for both word lengths do: prints, and ends with
 * status 9.
 * END_BY 0: the word pair again and again; 1: only the low word, again and again; 2: only the low word, once.
 * BESIDE: stores that it first makes in the page of tohost.
 */
#include "bare.h"
main:
    la s0, tohost
    li t0, BESIDE
beside:
    beqz t0, print
    sd t0, 128(s0)
    addi t0, t0, -1
    j beside
print:
    la s1, text
    li s2, 0x01010000
next:
    lbu t0, 0(s1)
    beqz t0, finish
    sw t0, 0(s0)
    sw s2, 4(s0)
    addi s1, s1, 1
    j next
finish:
    li t0, 9 << 1 | 1
again:
    sw t0, 0(s0)
#if END_BY == 0
    sw zero, 4(s0)
#endif
#if END_BY == 2
1:  j 1b
#endif
    j again

    .data
text: .asciz "Said with words.\n"
