/* A process held by a descriptor: polled, signalled, waited for. */
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  int fd = (int)syscall(SYS_pidfd_open, child, 0), status;
  CHECK(fd >= 0);
  if (fd < 0) {
    kill(child, SIGKILL);
    return check_end();
  }
  struct pollfd watch = {fd, POLLIN, 0};
  siginfo_t info;
  CHECK(poll(&watch, 1, 0) == 0);
  CHECK(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0);
  CHECK(poll(&watch, 1, 5000) == 1 && watch.revents == POLLIN);
  CHECK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child && info.si_status == SIGTERM);
  CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGTERM);
  FAILS(syscall(SYS_pidfd_open, child, 0), ESRCH);
  return check_end();
}
