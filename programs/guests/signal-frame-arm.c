/*
 * The frame a handler sees on aarch64: registers in ucontext, changes to pc, x0, vectors and mask take effect. Where Linux
 * and qemu's user mode differ (ILL_ILLOPC or ILL_ILLOPN, a record with the syndrome or none) both are right.
 */
#include "check.h"
#include <signal.h>
#include <ucontext.h>

static volatile uint64_t seen[5];
static volatile int codes[2];
static volatile uint64_t fault_address, syndrome, records;

static struct fpsimd_context *vectors(ucontext_t *context) {
  struct _aarch64_ctx *record = (struct _aarch64_ctx *)context->uc_mcontext.__reserved;
  struct fpsimd_context *found = NULL;
  syndrome = records = 0;
  for (; record->magic != 0; record = (struct _aarch64_ctx *)((char *)record + record->size)) {
    records++;
    if (record->magic == FPSIMD_MAGIC) found = (struct fpsimd_context *)record;
    if (record->magic == ESR_MAGIC) syndrome = ((struct esr_context *)record)->esr;
  }
  return found;
}

static void fix(int signal, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  struct fpsimd_context *fp = vectors(context);
  seen[0] = context->uc_mcontext.regs[5];
  seen[1] = context->uc_mcontext.regs[19];
  seen[2] = context->uc_mcontext.pc;
  seen[3] = (uint64_t)fp->vregs[20];
  seen[4] = context->uc_mcontext.pstate >> 28;
  fault_address = context->uc_mcontext.fault_address;
  codes[0] = info->si_code;
  codes[1] = signal;
  context->uc_mcontext.pc += 4;
  context->uc_mcontext.regs[0] = 4242;
  context->uc_mcontext.regs[19] ^= 0xff;
  fp->vregs[8] = 0x4045000000000000; /* 42.0 */
  sigaddset(&context->uc_sigmask, SIGUSR1);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = fix, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  uint64_t x0, x19, label;
  double d8;
  asm volatile("ldr x5, =0x1234567890\n mov x19, 0x0f\n mov x0, 1\n scvtf d20, x5\n adr %3, 1f\n cmp x0, x0\n"
               "1: udf 0\n"
               " mov %0, x0\n mov %1, x19\n fmov %d2, d8\n"
               : "=r"(x0), "=r"(x19), "=w"(d8), "=&r"(label)
               :
               : "x5", "x19", "x0", "d8", "d20", "cc", "memory");
  printf("x5 %llx d20 %llx nzcv %llx\n", (unsigned long long)seen[0], (unsigned long long)seen[3],
         (unsigned long long)seen[4]);
  CHECK(seen[2] == label && seen[1] == 0x0f);
  CHECK((codes[0] == ILL_ILLOPC || codes[0] == ILL_ILLOPN) && codes[1] == SIGILL);
  CHECK(records == 1);
  SHOW(x0);
  SHOW(x19);
  SHOW(d8);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGILL) == 0);
  asm volatile("brk 7" ::: "x0", "x19", "v8", "memory");
  CHECK(codes[1] == SIGTRAP && codes[0] == TRAP_BRKPT);
  asm volatile("str xzr, [%0]" : : "r"(0x12340L) : "x0", "x19", "v8", "memory");
  CHECK(codes[1] == SIGSEGV && codes[0] == SEGV_MAPERR && fault_address == 0x12340);
  CHECK(syndrome == 0 || (syndrome >> 26 == 0x24 && (syndrome & 0x40) != 0));
  asm volatile("ldr x0, [%0]" : : "r"(0x12340L) : "x0", "x19", "v8", "memory");
  CHECK(syndrome == 0 || (syndrome >> 26 == 0x24 && (syndrome & 0x40) == 0));
  return check_end();
}
