/* Several pending signals unblocked at once: each frame is laid before any handler runs, so the last laid runs first. */
#include "check.h"
#include <signal.h>

static volatile int order[8], length;
static void note(int number) { order[length++] = number; }

int main(void) {
  int numbers[] = {SIGTERM, SIGHUP, SIGUSR2, SIGUSR1};
  struct sigaction action = {.sa_handler = note};
  sigset_t all, old;
  sigfillset(&action.sa_mask);
  sigfillset(&all);
  for (int i = 0; i < 4; i++) sigaction(numbers[i], &action, NULL);
  sigprocmask(SIG_SETMASK, &all, &old);
  for (int i = 0; i < 4; i++) raise(numbers[i]);
  sigprocmask(SIG_SETMASK, &old, NULL);
  for (int i = 0; i < length; i++) printf("full mask: %d\n", order[i]);
  length = 0;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < 4; i++) sigaction(numbers[i], &action, NULL);
  sigprocmask(SIG_SETMASK, &all, NULL);
  for (int i = 0; i < 4; i++) raise(numbers[i]);
  sigprocmask(SIG_SETMASK, &old, NULL);
  for (int i = 0; i < length; i++) printf("empty mask: %d\n", order[i]);
  return check_end();
}
