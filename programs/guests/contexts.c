/* setjmp, ucontext coroutines, generators on stacks of their own, deep unwinding. */
#include "check.h"
#include <setjmp.h>
#include <ucontext.h>

static ucontext_t main_context, workers[3];
static long produced[3];
static char stacks[3][65536];

static void work(int which, int steps) {
  double scale = which + 0.5;
  for (int i = 0; i < steps; i++) {
    produced[which] += (long)(scale * i);
    swapcontext(&workers[which], &workers[(which + 1) % 3]);
  }
}

static jmp_buf back;
__attribute__((noinline)) static int deep(int n) {
  volatile char room[200];
  room[n % 200] = 1;
  if (n == 0) longjmp(back, 5);
  return deep(n - 1) + room[0];
}

int main(void) {
  for (int i = 0; i < 3; i++) {
    getcontext(&workers[i]);
    workers[i].uc_stack.ss_sp = stacks[i];
    workers[i].uc_stack.ss_size = sizeof stacks[i];
    workers[i].uc_link = &main_context;
    makecontext(&workers[i], (void (*)(void))work, 2, i, 1000);
  }
  swapcontext(&main_context, &workers[0]);
  for (int i = 0; i < 3; i++) SHOW(produced[i]);
  volatile int jumps = 0;
  int value = setjmp(back);
  if (jumps < 50) {
    jumps = jumps + 1;
    deep(jumps * 10);
  }
  SHOW(value);
  SHOW(jumps);
  return check_end();
}
