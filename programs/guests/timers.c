/* POSIX timers: one shot, periodic, with a value, overruns while blocked, deletion. */
#include "check.h"
#include <signal.h>
#include <time.h>

static volatile int fired, value;
static void handler(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  fired++;
  value = info->si_value.sival_int;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGRTMIN, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77};
  timer_t timer;
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  struct itimerspec once = {{0, 0}, {0, 3000000}}, often = {{0, 2000000}, {0, 2000000}}, left;
  CHECK(timer_settime(timer, 0, &once, NULL) == 0);
  while (fired < 1) pause();
  SHOW(value);
  CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  CHECK(timer_settime(timer, 0, &often, NULL) == 0);
  struct timespec pause_for = {0, 20000000};
  nanosleep(&pause_for, NULL);
  fired = 0;
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_TIMER && info.si_value.sival_int == 77);
  CHECK(timer_getoverrun(timer) >= 3); /* twenty ms at two each, delivered once */
  CHECK(timer_delete(timer) == 0);
  FAILS(timer_settime(timer, 0, &once, NULL), EINVAL);
  FAILS(timer_create(99, &event, &timer), EINVAL);
  return check_end();
}
