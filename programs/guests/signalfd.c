/* Signals read from a descriptor, with poll. */
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

int main(void) {
  sigset_t set;
  struct signalfd_siginfo info;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  FAILS(read(fd, &info, sizeof info), EAGAIN);
  kill(getpid(), SIGUSR1);
  struct pollfd watch = {fd, POLLIN, 0};
  CHECK(poll(&watch, 1, 0) == 1 && watch.revents == POLLIN);
  CHECK(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1 && info.ssi_pid == (uint32_t)getpid());
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 5});
  CHECK(read(fd, &info, sizeof info) == sizeof info && info.ssi_code == SI_QUEUE && info.ssi_int == 5);
  CHECK(poll(&watch, 1, 0) == 0);
  FAILS(read(fd, &info, 10), EINVAL);
  return check_end();
}
