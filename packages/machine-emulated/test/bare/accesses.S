/*
 * Makes a list of accesses and notes the cause of each one's trap, 255 for none. The list is at 0x80300000: its length,
 * then for each access five doublewords: the address of a page-table entry, its value, satp, the virtual address, and
 * bits to set in mstatus (MPP, MPRV, SUM, MXR) with what to do in the lowest two: 0 executes there, 1 loads, 2 stores,
 * 3 is an AMO. The causes are bytes from 0x80200000.
 */
#include "bare.h"
#define STATUS 0xe1800
main:
    la t0, trapped
    csrw mtvec, t0
    li s0, 0x80300000
    ld s1, 0(s0)
    addi s0, s0, 8
    li s2, 0x80200000
next:
    beqz s1, finished
    ld t0, 0(s0)
    ld t1, 8(s0)
    sd t1, 0(t0)
    ld t0, 16(s0)
    csrw satp, t0
    sfence.vma
    ld a0, 24(s0)
    ld a1, 32(s0)
    andi a2, a1, 3
    li s3, 255
    addi s0, s0, 40
    addi s1, s1, -1
    andi a1, a1, -4
    csrs mstatus, a1
    beqz a2, execute
    addi a2, a2, -1
    beqz a2, 1f
    addi a2, a2, -1
    beqz a2, 2f
    amoor.w zero, zero, (a0)
    j done
1:  lb t0, 0(a0)
    j done
2:  sb zero, 8(a0)
    j done
execute:
    csrw mepc, a0
    mret
done:
    li t0, STATUS
    csrc mstatus, t0
    sb s3, 0(s2)
    addi s2, s2, 1
    j next
finished:
    PASS

    .balign 4
trapped:
    csrr s3, mcause
    la t0, done
    csrw mepc, t0
    li t0, 1 << 17
    csrc mstatus, t0
    li t0, 3 << 11
    csrs mstatus, t0
    mret
