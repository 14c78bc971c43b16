/*
 * Two threads that read the time with and without a system call in turn, and each other's readings: it never goes back.
 * One round asks the kernel once per clock, between two readings without it: 102,000 readings in all. An argument changes
 * the number of rounds.
 */
#include "vdso.h"
#include <pthread.h>

#define ROUNDS 8500
#define THREADS 2

static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
#define CLOCKS (sizeof clocks / sizeof *clocks)

static gettime_function gettime;
static int rounds = ROUNDS;
/* The last reading of anybody, by clock. */
static int64_t latest[CLOCKS];

struct result {
  long call_after, call_before, other, failed;
};

static void *run(void *argument) {
  struct result *result = argument;
  for (int round = 0; round < rounds; round++) {
    for (unsigned clock = 0; clock < CLOCKS; clock++) {
      int64_t seen = __atomic_load_n(&latest[clock], __ATOMIC_ACQUIRE);
      int64_t first = vdso_read(gettime, clocks[clock]);
      int64_t call = vdso_read(vdso_call_gettime, clocks[clock]);
      int64_t second = vdso_read(gettime, clocks[clock]);
      result->failed += first < 0 || call < 0 || second < 0;
      result->other += first < seen;
      result->call_after += call < first;
      result->call_before += second < call;
      __atomic_store_n(&latest[clock], second, __ATOMIC_RELEASE);
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc > 1) rounds = atoi(argv[1]);
  gettime = vdso_gettime();
  struct result results[THREADS] = {0}, sum = {0};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, &results[i]) == 0);
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    sum.failed += results[i].failed;
    sum.other += results[i].other;
    sum.call_after += results[i].call_after;
    sum.call_before += results[i].call_before;
  }
  SHOW(sum.failed);
  SHOW(sum.call_after);  /* calls that were earlier than a reading before them */
  SHOW(sum.call_before); /* readings that were earlier than a call before them */
  SHOW(sum.other);       /* readings that were earlier than another thread's before them */
  return check_end();
}
