/* Process groups and sessions, SIGSTOP and SIGCONT, signals to a group. */
#include "check.h"
#include <signal.h>
#include <sys/wait.h>

static volatile sig_atomic_t continued;
static void on_continue(int signal) { continued += signal == SIGCONT; }

static pid_t waiting_child(pid_t group, int *ready) {
  char byte;
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGCONT, on_continue);
    setpgid(0, group);
    if (write(ends[1], "r", 1) != 1) _exit(3);
    while (!continued) pause();
    _exit(7);
  }
  *ready = read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return child;
}

int main(void) {
  int status, ready, stopped = 0, codes = 0;
  pid_t group = 0, children[3];
  for (int i = 0; i < 3; i++) {
    children[i] = waiting_child(group, &ready);
    CHECK(ready);
    if (i == 0) group = children[0];
    CHECK(getpgid(children[i]) == group);
  }
  CHECK(getsid(children[0]) == getsid(0));
  CHECK(kill(-group, SIGSTOP) == 0);
  for (int i = 0; i < 3; i++) stopped += waitpid(-group, &status, WUNTRACED) > 0 && WIFSTOPPED(status);
  SHOW(stopped);
  CHECK(kill(-group, SIGCONT) == 0);
  for (int i = 0; i < 3; i++) waitpid(-group, &status, 0), codes += WEXITSTATUS(status);
  SHOW(codes);
  FAILS(kill(-group, 0), ESRCH);
  FAILS(kill(getpid(), 65), EINVAL);
  FAILS(setpgid(-1, 0), EINVAL);
  pid_t child = fork();
  if (child == 0) {
    int ok = setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid() && setsid() == -1 && errno == EPERM;
    _exit(ok ? 0 : 1);
  }
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  return check_end();
}
