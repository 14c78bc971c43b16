/*
 * Signals in the middle of arithmetic: a timer fires all the while, its handler overwrites every kind of register and
 * the rounding mode, and the results must be those of the undisturbed run.
 */
#include "check.h"
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <sys/time.h>

static volatile long ticks;
static volatile double sink;

static void disturb(int signal) {
  double x = signal, y = 1;
  uint64_t hash = CHECK_SEED;
  fesetround(FE_UPWARD);
  for (int i = 1; i < 40; i++) {
    y = sqrt(x * y + i) / 3;
    x = x / 1.1 + (float)y;
    hash = check_mix(hash, (uint64_t)i * hash);
  }
  sink = x + y + (double)hash;
  feraiseexcept(FE_DIVBYZERO);
  ticks++;
}

/* Integer, double, float, division and atomic work, all folded into one number. */
static uint64_t work(int rounds) {
  uint64_t state = 1, hash = CHECK_SEED;
  static uint64_t counter;
  double d = 1;
  float f = 1;
  counter = 0;
  for (int i = 0; i < rounds; i++) {
    uint64_t r = check_random(&state);
    d = d * 0.75 + (double)(int64_t)r / 3e18;
    f = f * 0.5f + (float)(r >> 40) / 7.0f;
    hash = check_mix(hash, r / ((r >> 33) | 1) + r % 1000003);
    hash += (uint64_t)(((unsigned __int128)r * hash) >> 64);
    __atomic_add_fetch(&counter, r & 1023, __ATOMIC_SEQ_CST);
    uint64_t bits;
    uint32_t half;
    memcpy(&bits, &d, 8);
    memcpy(&half, &f, 4);
    hash = check_mix(hash ^ half, bits);
  }
  return check_mix(hash, counter);
}

int main(void) {
  fesetround(FE_DOWNWARD);
  uint64_t undisturbed = work(100000);
  printf("checksum %016llx\n", (unsigned long long)undisturbed);
  struct sigaction action = {.sa_handler = disturb};
  sigaction(SIGALRM, &action, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  CHECK(fetestexcept(FE_DIVBYZERO) == 0);
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
  int same = 1, runs = 0;
  while (runs < 3 || ticks < 20) same &= work(100000) == undisturbed, runs++;
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
  CHECK(same);
  CHECK(fegetround() == FE_DOWNWARD);
  CHECK(fetestexcept(FE_DIVBYZERO) == 0);
  return check_end();
}
