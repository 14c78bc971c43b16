/* The frame a handler sees on riscv64: registers in ucontext, changes to pc, a0, fp registers and mask take effect. */
#include "check.h"
#include <signal.h>
#include <ucontext.h>

static volatile uint64_t seen[4];
static volatile int codes[2];

static void fix(int signal, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  uint64_t *registers = (uint64_t *)context->uc_mcontext.__gregs; /* [0] pc, [n] xn */
  seen[0] = registers[5];
  seen[1] = registers[31];
  seen[2] = registers[0];
  seen[3] = context->uc_mcontext.__fpregs.__d.__f[20];
  codes[0] = info->si_code;
  codes[1] = signal;
  registers[0] += 4;
  registers[10] = 4242;
  registers[18] ^= 0xff;
  context->uc_mcontext.__fpregs.__d.__f[8] = 0x4045000000000000; /* 42.0 */
  sigaddset(&context->uc_sigmask, SIGUSR1);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = fix, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);
  uint64_t a0, s2, label;
  double f8;
  asm volatile("li t0, 0x1234567890\n li t6, -7\n li s2, 0x0f\n li a0, 1\n fcvt.d.l fs4, t0\n la %3, 1f\n"
               "1: .word 0\n"
               " mv %0, a0\n mv %1, s2\n fmv.d %2, fs0\n"
               : "=r"(a0), "=r"(s2), "=f"(f8), "=&r"(label)
               :
               : "t0", "t6", "s2", "a0", "fs0", "fs4", "memory");
  printf("t0 %llx t6 %lld f20 %llx\n", (unsigned long long)seen[0], (long long)seen[1], (unsigned long long)seen[3]);
  CHECK(seen[2] == label);
  CHECK(codes[0] == ILL_ILLOPC && codes[1] == SIGILL);
  SHOW(a0);
  SHOW(s2);
  SHOW(f8);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGILL) == 0);
  asm volatile(".option push\n .option norvc\n ebreak\n .option pop" ::: "a0", "s2", "fs0", "memory");
  CHECK(codes[1] == SIGTRAP && codes[0] == TRAP_BRKPT);
  return check_end();
}
