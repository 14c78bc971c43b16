/* Resource limits: what they refuse, by which error or signal, and that they are inherited. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int in_child(int (*work)(void)) {
  int status;
  pid_t child = fork();
  if (child == 0) _exit(work());
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int few_files(void) {
  struct rlimit few = {10, 10};
  int opened = 0;
  setrlimit(RLIMIT_NOFILE, &few);
  while (open("/dev/null", O_RDONLY) >= 0) opened++;
  int full = errno == EMFILE, ends[2];
  full += pipe(ends) == -1 && errno == EMFILE;
  full += fcntl(0, F_DUPFD, 10) == -1 && errno == EINVAL;
  return opened < 8 ? full : 9;
}

static int short_file(void) {
  struct rlimit small = {100, 100};
  char block[80] = {0};
  setrlimit(RLIMIT_FSIZE, &small);
  signal(SIGXFSZ, SIG_IGN);
  int fd = open("small", O_WRONLY | O_CREAT, 0600);
  return write(fd, block, 80) == 80 && write(fd, block, 80) == 20 && write(fd, block, 80) == -1 && errno == EFBIG;
}

static int killed_by_size(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_FSIZE, &none);
  int fd = open("none", O_WRONLY | O_CREAT, 0600);
  return write(fd, "x", 1) == 1;
}

static int inherited(void) {
  struct rlimit got, set = {64, 128};
  setrlimit(RLIMIT_NOFILE, &set);
  pid_t child = fork();
  if (child == 0) _exit(getrlimit(RLIMIT_NOFILE, &got) == 0 && got.rlim_cur == 64 && got.rlim_max == 128 ? 3 : 4);
  int status;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int main(void) {
  struct rlimit got;
  static const int kinds[] = {RLIMIT_STACK, RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_NPROC};
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
    CHECK(getrlimit(kinds[i], &got) == 0 && got.rlim_cur <= got.rlim_max);
  FAILS(getrlimit(99, &got), EINVAL);
  got = (struct rlimit){5, 4};
  FAILS(setrlimit(RLIMIT_NOFILE, &got), EINVAL);
  SHOW(in_child(few_files));
  SHOW(in_child(short_file));
  SHOW(in_child(killed_by_size) == 128 + SIGXFSZ);
  SHOW(in_child(inherited));
  return check_end();
}
