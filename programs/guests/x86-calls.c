/* Calls that only x86_64 has a number for, made by number: libraries prefer the newer ones. */
#include "check.h"
#include <asm/prctl.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <utime.h>

static char buffer[4096];
static volatile int rung;
static void ring(int signal) { rung = signal; }

static void names(void) {
  struct stat stat;
  int fd = (int)syscall(SYS_open, "file", O_RDWR | O_CREAT, 0644);
  CHECK(fd >= 0 && write(fd, "text", 4) == 4);
  CHECK(syscall(SYS_creat, "other", 0600) > fd);
  FAILS(syscall(SYS_open, "none", O_RDONLY), ENOENT);
  CHECK(syscall(SYS_stat, "file", &stat) == 0 && stat.st_size == 4 && stat.st_nlink == 1 && S_ISREG(stat.st_mode));
  CHECK(syscall(SYS_chmod, "file", 0700) == 0 && syscall(SYS_access, "file", R_OK | W_OK | X_OK) == 0);
  CHECK(syscall(SYS_chown, "file", getuid(), getgid()) == 0 && syscall(SYS_lchown, "file", -1, -1) == 0);
  struct utimbuf times = {1, 2};
  CHECK(syscall(SYS_utime, "file", &times) == 0 && syscall(SYS_stat, "file", &stat) == 0 && stat.st_mtime == 2);
  struct timeval pair[2] = {{3, 4}, {5, 6}};
  CHECK(syscall(SYS_utimes, "file", pair) == 0 && syscall(SYS_stat, "file", &stat) == 0);
  CHECK(stat.st_atime == 3 && stat.st_mtime == 5 && stat.st_mtim.tv_nsec == 6000);
  CHECK(syscall(SYS_futimesat, AT_FDCWD, "file", NULL) == 0 && syscall(SYS_stat, "file", &stat) == 0);
  CHECK(stat.st_mtime > 1000000);
  CHECK(syscall(SYS_mkdir, "folder", 0755) == 0 && syscall(SYS_rmdir, "folder") == 0);
  FAILS(syscall(SYS_rmdir, "folder"), ENOENT);
  CHECK(syscall(SYS_link, "file", "second") == 0 && syscall(SYS_rename, "second", "third") == 0);
  CHECK(syscall(SYS_renameat, AT_FDCWD, "third", AT_FDCWD, "second") == 0);
  CHECK(syscall(SYS_rename, "second", "third") == 0);
  CHECK(syscall(SYS_symlink, "file", "soft") == 0 && syscall(SYS_readlink, "soft", buffer, 100) == 4);
  CHECK(syscall(SYS_lstat, "soft", &stat) == 0 && S_ISLNK(stat.st_mode));
  CHECK(syscall(SYS_mknod, "node", S_IFREG | 0600, 0) == 0);
  int here = open(".", O_RDONLY | O_DIRECTORY), entries = 0;
  long bytes = syscall(SYS_getdents, here, buffer, sizeof buffer);
  for (long at = 0; at < bytes; at += *(unsigned short *)(buffer + at + 16)) {
    const char *name = buffer + at + 18;
    int type = buffer[at + *(unsigned short *)(buffer + at + 16) - 1];
    if (!strcmp(name, "soft")) CHECK(type == 10);
    if (!strcmp(name, "file")) CHECK(type == 8);
    entries++;
  }
  SHOW(entries);
  CHECK(syscall(SYS_unlink, "third") == 0 && syscall(SYS_unlink, "soft") == 0 && syscall(SYS_unlink, "node") == 0);
}

static void waiting(void) {
  int ends[2];
  CHECK(syscall(SYS_pipe, ends) == 0 && syscall(SYS_dup2, ends[1], 77) == 77 && syscall(SYS_dup2, 77, 77) == 77);
  FAILS(syscall(SYS_dup2, 99, 99), EBADF);
  struct pollfd poll = {ends[0], POLLIN, 0};
  CHECK(syscall(SYS_poll, &poll, 1, 1) == 0);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  struct timeval soon = {0, 1000};
  CHECK(syscall(SYS_select, ends[0] + 1, &set, NULL, NULL, &soon) == 0 && !FD_ISSET(ends[0], &set));
  CHECK(soon.tv_sec == 0 && soon.tv_usec == 0);
  int epoll = (int)syscall(SYS_epoll_create, 1);
  struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789abcdef}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0 && syscall(SYS_epoll_wait, epoll, &event, 1, 0) == 0);
  CHECK(write(77, "x", 1) == 1 && syscall(SYS_poll, &poll, 1, -1) == 1 && poll.revents == POLLIN);
  event.data.u64 = 0;
  CHECK(syscall(SYS_epoll_wait, epoll, &event, 1, -1) == 1 && event.data.u64 == 0x123456789abcdef);
  FD_SET(ends[0], &set);
  CHECK(syscall(SYS_select, ends[0] + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &set));
  FAILS(syscall(SYS_epoll_create, 0), EINVAL);
  uint64_t count = 0;
  int counter = (int)syscall(SYS_eventfd, 3);
  CHECK(read(counter, &count, 8) == 8 && count == 3);
  uint64_t mask = 1u << (SIGUSR2 - 1);
  CHECK(syscall(SYS_signalfd, -1, &mask, 8) > counter);
}

static void processes(void) {
  int status = 0;
  long child = syscall(SYS_fork);
  if (child == 0) _exit(3);
  CHECK(waitpid((pid_t)child, &status, 0) == child && WEXITSTATUS(status) == 3);
  child = vfork();
  if (child == 0) _exit(4);
  CHECK(waitpid((pid_t)child, &status, 0) == child && WEXITSTATUS(status) == 4);
  CHECK(syscall(SYS_getpgrp) == getpgid(0));
  signal(SIGALRM, ring);
  CHECK(syscall(SYS_alarm, 100) == 0 && syscall(SYS_alarm, 1) == 100);
  FAILS(syscall(SYS_pause), EINTR);
  CHECK(rung == SIGALRM && syscall(SYS_alarm, 0) == 0);
  long seconds = 0;
  CHECK(syscall(SYS_time, &seconds) == seconds && seconds > 1000000);
}

static void bases(void) {
  uint64_t fs = 0, gs = 0;
  CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) == 0 && fs != 0);
  CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, &fs) == 0 && syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) == 0);
  uint64_t through = 0;
  asm volatile("mov %%gs:0, %0" : "=r"(through));
  CHECK(gs == (uint64_t)&fs && through == fs);
  FAILS(syscall(SYS_arch_prctl, ARCH_SET_FS, 0x800000000000), EPERM);
  FAILS(syscall(SYS_set_thread_area, 0), ENOSYS);
  char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  CHECK((uintptr_t)low < 0x80000000);
  low[8191] = 1;
}

int main(void) {
  names();
  waiting();
  processes();
  bases();
  return check_end();
}
