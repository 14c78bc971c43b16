/* Stack overflows caught on an alternate stack, again and again; what sigaltstack reports and refuses. */
#include "check.h"
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;
static char stack[65536], *volatile touched;
static volatile int on_stack, inside;

static void overflowed(int signal, siginfo_t *info, void *context) {
  (void)context;
  stack_t now;
  char here;
  sigaltstack(NULL, &now);
  on_stack = (now.ss_flags & SS_ONSTACK) != 0;
  inside = &here >= stack && &here < stack + sizeof stack;
  touched = info->si_addr;
  siglongjmp(back, signal);
}

__attribute__((noinline)) static long deeper(long n) {
  volatile char room[1024];
  room[0] = (char)n;
  return n > 1L << 40 ? 0 : deeper(n + 1) + room[0];
}

int main(void) {
  stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack}, old;
  char here;
  CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
  CHECK(sigaltstack(&wanted, NULL) == 0);
  FAILS(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 100}, NULL), ENOMEM);
  FAILS(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 65536, .ss_flags = 64}, NULL), EINVAL);
  struct sigaction action = {.sa_sigaction = overflowed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  for (int i = 0; i < 3; i++) {
    int signal = sigsetjmp(back, 1);
    if (signal == 0) deeper(i);
    CHECK(signal == SIGSEGV);
    CHECK(on_stack == 1 && inside == 1);
    uintptr_t below = (uintptr_t)&here - (uintptr_t)touched; /* within reach of a stack */
    CHECK(below > 0 && below < 64u << 20);
  }
  CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0 && old.ss_size == sizeof stack && old.ss_sp == stack);
  return check_end();
}
