/* A chain of execve of this file: arguments and environment arrive, close-on-exec closes, the rest stays. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

static void handler(int signal) { (void)signal; }

static void failures(const char *self) {
  char *none[] = {NULL}, **volatile wild = (char **)8;
  FAILS(execve("./none", none, none), ENOENT);
  FAILS(execve(".", none, none), EACCES);
  int fd = open("data", O_WRONLY | O_CREAT, 0644);
  CHECK(write(fd, "neither ELF nor script\n", 23) == 23);
  close(fd);
  FAILS(execve("data", none, none), EACCES);
  CHECK(chmod("data", 0755) == 0);
  FAILS(execve("data", none, none), ENOEXEC);
  FAILS(execve("data/x", none, none), ENOTDIR);
  FAILS(execve(self, wild, none), EFAULT);
}

int main(int argc, char **argv) {
  const char *self = getenv("SELF");
  int step = argc > 1 ? atoi(argv[1]) : 0;
  if (step == 0) {
    failures(self);
    int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(dup2(kept, 40) == 40 && dup3(closed, 41, O_CLOEXEC) == 41);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, handler);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGTERM);
  } else {
    struct sigaction first, second;
    sigset_t blocked, pending;
    sigaction(SIGUSR1, NULL, &first);
    sigaction(SIGUSR2, NULL, &second);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    CHECK(fcntl(40, F_GETFD) == 0);
    FAILS(fcntl(41, F_GETFD), EBADF);
    CHECK(first.sa_handler == SIG_IGN && second.sa_handler == SIG_DFL);
    CHECK(sigismember(&blocked, SIGTERM) && sigismember(&pending, SIGTERM));
  }
  printf("step %d: argc %d, last <%s>, STEP=%s\n", step, argc, argv[argc - 1], getenv("STEP") ? getenv("STEP") : "none");
  if (step == 3) return check_failures ? 1 : 17;
  char number[16], variable[32], home[4200];
  snprintf(number, sizeof number, "%d", step + 1);
  snprintf(variable, sizeof variable, "STEP=%d", step * 10);
  snprintf(home, sizeof home, "SELF=%s", self);
  char *arguments[] = {"exec-chain", number, "", "two words", NULL}, *environment[] = {variable, home, NULL};
  execve(self, arguments, environment);
  return 99;
}
