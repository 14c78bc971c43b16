/* The ways of waiting: by id, group and option; stopped and continued children; waitid; no zombies where SIGCHLD is ignored. */
#include "check.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static pid_t start(int seconds, int code) {
  pid_t child = fork();
  if (child == 0) {
    if (seconds > 0) sleep(seconds);
    _exit(code);
  }
  return child;
}

int main(void) {
  int status;
  siginfo_t info;
  struct rusage usage;
  FAILS(wait(&status), ECHILD);
  pid_t child = start(60, 0);
  CHECK(waitpid(child, &status, WNOHANG) == 0);
  FAILS(waitpid(child, &status, 0x4000), EINVAL);
  FAILS(waitpid(getpid(), &status, 0), ECHILD);
  kill(child, SIGSTOP);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  kill(child, SIGCONT);
  CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
  kill(child, SIGTERM);
  CHECK(waitpid(-1, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  child = start(0, 33);
  CHECK(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0 && info.si_status == 33 && info.si_code == CLD_EXITED);
  CHECK(info.si_pid == child && info.si_signo == SIGCHLD);
  CHECK(wait4(child, &status, 0, &usage) == child && WEXITSTATUS(status) == 33);
  child = start(60, 0);
  CHECK(setpgid(child, child) == 0 && getpgid(child) == child);
  CHECK(waitpid(0, &status, WNOHANG) == -1 && errno == ECHILD); /* none in our own group */
  kill(-child, SIGKILL);
  CHECK(waitpid(-child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  signal(SIGCHLD, SIG_IGN);
  child = start(0, 1);
  FAILS(waitpid(child, &status, 0), ECHILD); /* an ignored SIGCHLD leaves no zombie */
  return check_end();
}
