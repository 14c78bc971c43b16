# Entry of a bench program. SYSTEM: machine mode sets up Sv39 with identity gigapages and goes to supervisor mode; the end is
# the test finisher. Otherwise a user program that ends by exit.
  .section .text.start
  .globl _start
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, stack_top
#ifdef SYSTEM
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  la t0, stuck
  csrw mtvec, t0
  csrw stvec, t0
  la t0, table
  li t1, 0xcf            # V R W X A D, gigabyte 0: devices
  sd t1, 0(t0)
  li t1, 0x200000cf      # gigabyte 2: RAM
  sd t1, 16(t0)
  srli t0, t0, 12
  li t1, 8 << 60
  or t0, t0, t1
  csrw satp, t0
  sfence.vma
  li t0, 0x7800          # FS = Dirty, MPP
  csrs mstatus, t0
  li t0, 0x1000          # MPP = S
  csrc mstatus, t0
  la t0, supervisor
  csrw mepc, t0
  mret
stuck:
  j stuck
supervisor:
#endif
  call bench
#ifdef SYSTEM
  li t0, 0x100000
  slli a0, a0, 16
  li t1, 0x3333
  or t1, t1, a0
  bnez a0, 1f
  li t1, 0x5555
1:
  sw t1, 0(t0)
2:
  j 2b
#else
  li a7, 93
  ecall
#endif
  .bss
  .balign 4096
table:
  .space 4096
  .space 65536
stack_top:
