/* System calls without a C library, by number: write is WRITE, exit_group is EXIT. And the entry that calls `start`. */
#ifndef RAW_H
#define RAW_H
#include <stdint.h>

#if defined __x86_64__
#define WRITE 1
#define EXIT 231
#define RELATIVE R_X86_64_RELATIVE
static long call3(long number, long a, long b, long c) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
#define ENTRY(start) asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call " #start "\n")
#elif defined __aarch64__
#define WRITE 64
#define EXIT 94
#define RELATIVE R_AARCH64_RELATIVE
static long call3(long number, long a, long b, long c) {
  register long x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c, x8 asm("x8") = number;
  asm volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
  return x0;
}
#define ENTRY(start) asm(".globl _start\n_start:\n mov x29, 0\n mov x0, sp\n bl " #start "\n")
#else
#define WRITE 64
#define EXIT 94
#define RELATIVE R_RISCV_RELATIVE
static long call3(long number, long a, long b, long c) {
  register long a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c, a7 asm("a7") = number;
  asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}
#define ENTRY(start)                                                                                                   \
  asm(".globl _start\n_start:\n.option push\n.option norelax\n lla gp, __global_pointer$\n.option pop\n"               \
      " mv a0, sp\n call " #start "\n")
#endif
#endif
