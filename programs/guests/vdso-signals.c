/* Signals that arrive while the program is inside the vDSO: the handler may use it too, and the reading goes on. */
#include "vdso.h"
#include <signal.h>
#include <ucontext.h>

#define SIGNALS 20
#define MOST_READINGS 50000000

static gettime_function gettime;
static uintptr_t start;
static volatile sig_atomic_t handled, inside, backwards;

static uintptr_t counter_of(const ucontext_t *context) {
#if defined __x86_64__
  return context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
  return context->uc_mcontext.pc;
#else
  return context->uc_mcontext.__gregs[REG_PC];
#endif
}

static void on_alarm(int signal, siginfo_t *info, void *context) {
  static int64_t last;
  (void)signal, (void)info;
  handled++;
  inside += counter_of(context) - start < 16384; /* more than any vDSO has */
  int64_t now = vdso_read(gettime, CLOCK_MONOTONIC);
  backwards += now < last;
  last = now;
}

int main(void) {
  struct vdso vdso = vdso_open();
  gettime = vdso_gettime();
  start = (uintptr_t)vdso.header;
  struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART};
  CHECK(sigaction(SIGALRM, &action, NULL) == 0);
  int64_t last = 0;
  long failed = 0, readings = 0, armed = -1;
  while ((handled < SIGNALS || (inside == 0 && start != 0)) && readings++ < MOST_READINGS) {
    /* The next signal only after the program has gone on: a slow machine would get nowhere. */
    long seen = handled;
    if (armed != seen) failed += setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 2000}}, NULL) != 0;
    armed = seen;
    for (volatile int i = 0; start == 0 && i < 1000; i++); /* where each reading is a call */
    struct timespec time = {-1, -1};
    failed += gettime(CLOCK_MONOTONIC, &time) != 0 || time.tv_nsec < 0 || time.tv_nsec > 999999999;
    backwards += vdso_ns(&time) < last;
    last = vdso_ns(&time);
  }
  CHECK(handled >= SIGNALS);
  CHECK(inside > 0 || start == 0);
  CHECK(failed == 0 && backwards == 0);
  return check_end();
}
