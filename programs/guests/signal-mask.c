/* Masks, pending sets, order of delivery, queued values, SA_NODEFER, SA_RESETHAND, sigsuspend, sigwait. */
#include "check.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static volatile char order[64];
static volatile int length, depth, deepest, last_value, last_code, chld_status;
static volatile pid_t last_pid;

static void note(int number, siginfo_t *info, void *context) {
  (void)context;
  if (++depth > deepest) deepest = depth;
  order[length++] = number >= SIGRTMIN ? 'A' + number - SIGRTMIN : 'a' + number;
  last_value = info->si_value.sival_int;
  last_code = info->si_code;
  last_pid = info->si_pid;
  if (number == SIGCHLD) chld_status = info->si_status;
  if (number == SIGUSR1 && length < 4) raise(SIGUSR1);
  depth--;
}

static void install(int number, int flags, int blocked) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  if (blocked) sigaddset(&action.sa_mask, blocked);
  sigaction(number, &action, NULL);
}

static void show_order(const char *what) {
  printf("%s: %.*s, nested %d\n", what, length, (const char *)order, deepest);
  length = deepest = 0;
}

int main(void) {
  sigset_t all, none, pending, old;
  sigfillset(&all);
  sigemptyset(&none);
  install(SIGUSR1, 0, 0);
  raise(SIGUSR1);
  show_order("deferred");
  install(SIGUSR1, SA_NODEFER, 0);
  raise(SIGUSR1);
  show_order("not deferred");
  install(SIGUSR2, SA_RESETHAND, 0);
  raise(SIGUSR2);
  struct sigaction now;
  sigaction(SIGUSR2, NULL, &now);
  CHECK(now.sa_handler == SIG_DFL);
  show_order("once");
  /* Blocked signals: standard ones merge, real-time ones queue; the lowest number comes first. */
  for (int number = SIGRTMIN; number < SIGRTMIN + 3; number++) install(number, 0, 0);
  install(SIGUSR2, 0, SIGRTMIN);
  install(SIGHUP, 0, 0);
  sigprocmask(SIG_SETMASK, &all, &old);
  for (int i = 0; i < 3; i++) {
    sigqueue(getpid(), SIGRTMIN + 2 - i, (union sigval){.sival_int = i});
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 100 + i});
    kill(getpid(), SIGUSR2);
  }
  kill(getpid(), SIGHUP);
  sigpending(&pending);
  CHECK(sigismember(&pending, SIGUSR2) && sigismember(&pending, SIGRTMIN) && !sigismember(&pending, SIGUSR1));
  siginfo_t info;
  CHECK(sigwaitinfo(&(sigset_t){{1ul << (SIGRTMIN + 1 - 1)}}, &info) == SIGRTMIN + 1);
  SHOW(info.si_value.sival_int);
  CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
  CHECK(sigsuspend(&none) == -1 && errno == EINTR);
  sigprocmask(SIG_SETMASK, NULL, &pending);
  CHECK(sigismember(&pending, SIGHUP)); /* the mask is back */
  CHECK(length == 7);
  length = deepest = 0;
  FAILS(sigtimedwait(&all, &info, &(struct timespec){0, 1000000}), EAGAIN);
  sigprocmask(SIG_SETMASK, &old, NULL);
  /* SIGCHLD tells who and how. */
  install(SIGCHLD, 0, 0);
  sigprocmask(SIG_SETMASK, &all, NULL);
  pid_t child = fork();
  if (child == 0) _exit(12);
  sigset_t but_child = all;
  sigdelset(&but_child, SIGCHLD);
  sigsuspend(&but_child);
  CHECK(last_pid == child && last_code == CLD_EXITED);
  SHOW(chld_status);
  FAILS(sigaction(SIGKILL, &now, NULL), EINVAL);
  CHECK(sigaction(SIGKILL, NULL, &now) == 0);
  waitpid(child, NULL, 0);
  return check_end();
}
