/* Reads the time through the C library again and again; an argument says how often. */
#include "check.h"
#include <sys/time.h>
#include <time.h>

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 1000, backwards = 0;
  int64_t last = 0, lastDay = 0;
  for (long i = 0; i < rounds; i++) {
    struct timespec at;
    struct timeval day;
    clock_gettime(CLOCK_MONOTONIC, &at);
    gettimeofday(&day, NULL);
    int64_t ns = at.tv_sec * 1000000000ll + at.tv_nsec, us = day.tv_sec * 1000000ll + day.tv_usec;
    backwards += ns < last || us < lastDay;
    last = ns;
    lastDay = us;
  }
  SHOW(backwards);
  return check_end();
}
