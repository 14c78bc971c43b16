/* Bad pointers to system calls are EFAULT, never a crash; partial transfers stop at the page that is not there. */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

/* No C library in between: it may look at the pointer itself. */
#define CALL(name, ...) FAILS(syscall(SYS_##name, __VA_ARGS__), EFAULT)

static void with(long bad) {
  int fd = open("file", O_RDWR | O_CREAT, 0600), ends[2];
  if (pipe(ends) != 0) exit(2);
  CHECK(write(fd, "some text", 9) == 9 && lseek(fd, 0, SEEK_SET) == 0);
  CALL(read, fd, bad, 4);
  CALL(write, fd, bad, 4);
  CALL(pread64, fd, bad, 4, 0);
  CALL(write, ends[1], bad, 4);
  CALL(openat, AT_FDCWD, bad, O_RDONLY);
  CALL(mkdirat, AT_FDCWD, bad, 0700);
  CALL(unlinkat, AT_FDCWD, bad, 0);
  CALL(readlinkat, AT_FDCWD, "/proc/self/exe", bad, 10);
  CALL(newfstatat, AT_FDCWD, "file", bad, 0);
  CALL(newfstatat, AT_FDCWD, bad, &(struct stat){0}, 0);
  CALL(fstat, fd, bad);
  CALL(getcwd, bad, 100);
  CALL(pipe2, bad, 0);
  CALL(getdents64, open(".", O_RDONLY), bad, 1000);
  CALL(writev, fd, bad, 2);
  struct iovec vector = {(void *)bad, 5};
  CALL(readv, fd, &vector, 1);
  CALL(ppoll, bad, 1, NULL, NULL, 8);
  CALL(epoll_ctl, epoll_create1(0), EPOLL_CTL_ADD, ends[0], bad);
  CALL(clock_gettime, CLOCK_MONOTONIC, bad);
  CALL(rt_sigaction, SIGUSR1, bad, NULL, 8);
  CALL(rt_sigaction, SIGUSR1, NULL, bad, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
  CALL(sigaltstack, bad, NULL);
  CALL(prlimit64, 0, RLIMIT_NOFILE, NULL, bad);
  CALL(uname, bad);
  CALL(getrandom, bad, 8, 0);
  CALL(execve, bad, NULL, NULL);
  CALL(statx, AT_FDCWD, bad, 0, 0, bad);
  CALL(futex, bad & ~3l, 0, 0, NULL, NULL, 0);
  pid_t child = fork();
  if (child == 0) _exit(0);
  CALL(wait4, child, bad, 0, NULL);
  close(ends[0]);
  close(ends[1]);
  close(fd);
}

int main(void) {
  char *area = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(area + 8192, 4096);
  puts("near null");
  with(8);
  puts("unmapped");
  with((long)area + 8192);
  puts("kernel half");
  with(-4096);
  /* Half there: a read into a pipe's end or a file delivers what fits, or nothing at all. */
  int fd = open("file", O_RDWR), got;
  CHECK(write(fd, area + 8192 - 6, 6) == 6 && lseek(fd, 0, SEEK_SET) == 0);
  got = (int)read(fd, area + 8192 - 4, 9);
  CHECK(got == 4 || (got == -1 && errno == EFAULT));
  memcpy(area + 8192 - 4, "file", 4); /* a path that runs off the page */
  FAILS(open(area + 8192 - 4, O_RDONLY), EFAULT);
  mprotect(area, 4096, PROT_READ);
  lseek(fd, 0, SEEK_SET);
  FAILS(read(fd, area, 4), EFAULT); /* a read-only buffer */
  CHECK(lseek(fd, 0, SEEK_CUR) == 0 && write(fd, area, 4) == 4);
  FAILS(fstat(fd, (struct stat *)area), EFAULT);
  CHECK(read(fd, area, 0) == 0 && read(fd, (void *)8, 0) == 0);
  return check_end();
}
