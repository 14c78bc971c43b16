/* Clocks and sleeping: time never goes back, sleeps last, timers fire as often as they should. */
#include "check.h"
#include <signal.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static volatile int alarms;
static void on_alarm(int signal) { alarms += signal == SIGALRM; }

static int64_t now(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return at.tv_sec * 1000000000ll + at.tv_nsec;
}

int main(void) {
  static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                                     CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
  for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    int64_t before = now(clocks[i]), backwards = 0;
    struct timespec resolution;
    for (int k = 0; k < 2000; k++) {
      int64_t at = now(clocks[i]);
      backwards += at < before;
      before = at;
    }
    CHECK(backwards == 0 && clock_getres(clocks[i], &resolution) == 0);
  }
  CHECK(now(CLOCK_REALTIME) > 946684800ll * 1000000000); /* after 2000 */
  struct timeval old;
  gettimeofday(&old, NULL);
  CHECK(llabs(time(NULL) - old.tv_sec) <= 1);
  int64_t start = now(CLOCK_MONOTONIC);
  CHECK(nanosleep(&(struct timespec){0, 20000000}, NULL) == 0 && now(CLOCK_MONOTONIC) - start >= 20000000);
  int64_t until = now(CLOCK_MONOTONIC) + 15000000;
  struct timespec absolute = {until / 1000000000, until % 1000000000};
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &absolute, NULL) == 0 && now(CLOCK_MONOTONIC) >= until);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &absolute, NULL) == 0); /* already past */
  signal(SIGALRM, on_alarm);
  struct itimerval every = {{0, 10000}, {0, 10000}}, left;
  CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
  while (alarms < 3) pause();
  CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_interval.tv_usec == 10000 && left.it_value.tv_usec <= 10000);
  CHECK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL) == 0);
  alarms = 0;
  CHECK(usleep(30000) == 0 && alarms == 0);
  CHECK(alarm(100) == 0 && alarm(0) > 98);
  CHECK(times(NULL) != (clock_t)-1);
  return check_end();
}
