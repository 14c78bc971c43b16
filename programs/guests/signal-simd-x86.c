/* A floating-point exception that is not masked: SIGFPE with what it was, once for SSE and once for x87. */
#include "check.h"
#include <signal.h>
#include <ucontext.h>

static volatile int codes[2], length;
static volatile uint64_t trap;

static void look(int signal, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  trap = (uint64_t)context->uc_mcontext.gregs[REG_TRAPNO];
  codes[0] = info->si_code;
  codes[1] = signal;
  context->uc_mcontext.gregs[REG_RIP] += length;
  context->uc_mcontext.fpregs->swd = 0; /* or the next x87 instruction traps again */
}

#define SHOW_FAULT(what) printf("%s: signal %d code %d trap %llu\n", what, codes[1], codes[0], (unsigned long long)trap)

int main(void) {
  struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
  sigaction(SIGFPE, &action, NULL);
  unsigned normal = 0x1f80, unmasked = 0x1f80 & ~0x200u; /* zero divide */
  double one = 1, zero = 0;
  length = 4; /* divsd %xmm1, %xmm0 */
  asm volatile("ldmxcsr %0\n movsd %1, %%xmm0\n movsd %2, %%xmm1\n divsd %%xmm1, %%xmm0\n"
               :
               : "m"(unmasked), "m"(one), "m"(zero)
               : "xmm0", "xmm1", "memory");
  asm volatile("ldmxcsr %0" : : "m"(normal));
  SHOW_FAULT("divsd");
  unsigned short control = 0x37f & ~4;
  length = 1; /* fwait */
  asm volatile("fldcw %0\n fldl %1\n fdivl %2\n fwait\n fninit" : : "m"(control), "m"(one), "m"(zero) : "memory");
  SHOW_FAULT("fdivl");
  return check_end();
}
