/*
 * The frame a handler sees on x86_64: registers and FP state in ucontext, changes to rip, rax, xmm and mask take effect;
 * what traps, errors and cr2 say; the handler starts with a fresh FP state and a clear direction flag.
 */
#include "check.h"
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile uint64_t seen[4], trap, error, cr2, handler_flags;
static volatile unsigned handler_mxcsr, magic[2], frame_mxcsr, size_ok, aligned;
static volatile int codes[2], length;
static volatile void *address;

static void look(int signal, siginfo_t *info, void *raw) {
  ucontext_t *context = raw;
  greg_t *registers = context->uc_mcontext.gregs;
  char *fp = (char *)context->uc_mcontext.fpregs;
  unsigned mxcsr, size;
  asm volatile("stmxcsr %0\n pushfq\n popq %1" : "=m"(mxcsr), "=r"(handler_flags));
  handler_mxcsr = mxcsr;
  memcpy((void *)&frame_mxcsr, fp + 24, 4);
  memcpy((void *)&magic[0], fp + 464, 4);
  memcpy(&size, fp + 480, 4);
  memcpy((void *)&magic[1], fp + size, 4);
  size_ok = size >= 576;
  aligned = (uintptr_t)fp % 64 == 0 && ((uintptr_t)&context->uc_flags - 8) % 16 == 8;
  seen[0] = (uint64_t)registers[REG_R10];
  seen[1] = (uint64_t)registers[REG_RBX];
  seen[2] = (uint64_t)registers[REG_RIP];
  memcpy((void *)&seen[3], fp + 160 + 16 * 5, 8);
  trap = (uint64_t)registers[REG_TRAPNO];
  error = (uint64_t)registers[REG_ERR];
  cr2 = (uint64_t)registers[REG_CR2];
  codes[0] = info->si_code;
  codes[1] = signal;
  address = info->si_addr;
  registers[REG_RIP] += length;
  registers[REG_RAX] = 4242;
  registers[REG_RBX] ^= 0xff;
  uint64_t answer = 0x4045000000000000; /* 42.0 */
  memcpy(fp + 160 + 16 * 7, &answer, 8);
  sigaddset(&context->uc_sigmask, SIGUSR1);
}

#define SHOW_FAULT(what)                                                                                               \
  printf("%s: signal %d code %d trap %llu error %llu\n", what, codes[1], codes[0], (unsigned long long)trap,           \
         (unsigned long long)error)

int main(void) {
  struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
  int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGFPE, SIGBUS};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, NULL);
  uint64_t rax = 1, rbx = 0x0f, label = 0, flags = 0;
  double xmm7 = 0;
  unsigned rounding = 0x3f80, after = 0;
  length = 2;
  asm volatile("ldmxcsr %6\n mov $0x1234567890, %%r10\n cvtsi2sd %%r10, %%xmm5\n lea 1f(%%rip), %2\n std\n stc\n"
               "1: ud2\n"
               " pushfq\n popq %3\n cld\n movsd %%xmm7, %4\n stmxcsr %5\n"
               : "+a"(rax), "+b"(rbx), "=&r"(label), "=&r"(flags), "=m"(xmm7), "=m"(after)
               : "m"(rounding)
               : "r10", "xmm5", "xmm7", "cc", "memory");
  unsigned normal = 0x1f80;
  asm volatile("ldmxcsr %0" : : "m"(normal));
  printf("r10 %llx xmm5 %llx\n", (unsigned long long)seen[0], (unsigned long long)seen[3]);
  CHECK(seen[2] == label && seen[1] == 0x0f);
  CHECK(codes[0] == ILL_ILLOPN && codes[1] == SIGILL && address == (void *)label);
  CHECK(magic[0] == 0x46505853 && magic[1] == 0x46505845 && size_ok && aligned);
  CHECK(handler_mxcsr == 0x1f80 && frame_mxcsr == 0x3f80 && after == 0x3f80);
  CHECK((handler_flags & 0x400) == 0 && (flags & 0x400) != 0 && (flags & 1) != 0);
  SHOW(rax);
  SHOW(rbx);
  SHOW(xmm7);
  sigset_t now;
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGILL) == 0);
  SHOW_FAULT("ud2");

  length = 0;
  asm volatile("lea 1f(%%rip), %1\n int3\n1:" : "+a"(rax), "=&r"(label) : : "rbx", "xmm7", "memory");
  CHECK(seen[2] == label);
  SHOW_FAULT("int3");

  length = 2; /* mov %al, (%rcx); mov (%rcx), %al */
  asm volatile("movb %%al, (%1)" : "+a"(rax) : "c"(0x12340L) : "rbx", "xmm7", "memory");
  CHECK(cr2 == 0x12340 && address == (void *)0x12340);
  SHOW_FAULT("write to nothing");
  asm volatile("movb (%1), %%al" : "+a"(rax) : "c"(0x12340L) : "rbx", "xmm7", "memory");
  SHOW_FAULT("read of nothing");
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  rax = (uint64_t)*(volatile char *)page;
  asm volatile("movb %%al, (%1)" : "+a"(rax) : "c"(page) : "rbx", "xmm7", "memory");
  SHOW_FAULT("write to read-only memory");
  asm volatile("movb (%1), %%al" : "+a"(rax) : "c"(0x8000000000001234L) : "rbx", "xmm7", "memory");
  CHECK(address == NULL);
  SHOW_FAULT("no address at all");
  length = 1;
  asm volatile("hlt" : "+a"(rax) : : "rbx", "xmm7", "memory");
  SHOW_FAULT("hlt");
  length = 2; /* div %ecx */
  asm volatile("div %%ecx" : "+a"(rax) : "d"(0), "c"(0) : "rbx", "xmm7", "memory");
  SHOW_FAULT("division by zero");
  return check_end();
}
