/* Unknown calls are ENOSYS; known ones with nonsense are refused by the right name; the program goes on. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

int main(void) {
  static const long unknown[] = {600, 1259, 999, 4096, 0x7fffffff, -2};
  for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    errno = 0;
    long result = syscall(unknown[i], 1, 2, 3, 4, 5, 6);
    printf("%ld: %ld %s\n", unknown[i], result, strerrorname_np(errno));
  }
  static const int descriptors[] = {-1, 77, 1 << 20, 0x7fffffff};
  for (unsigned i = 0; i < 4; i++) {
    char byte;
    FAILS(read(descriptors[i], &byte, 1), EBADF);
    FAILS(close(descriptors[i]), EBADF);
    FAILS(dup(descriptors[i]), EBADF);
    FAILS(fcntl(descriptors[i], F_GETFL), EBADF);
  }
  FAILS(dup2(1, -1), EBADF);
  FAILS(dup3(1, 1, 0), EINVAL);
  FAILS(fcntl(1, 12345), EINVAL);
  FAILS(pipe2((int[2]){0}, 0x12345), EINVAL);
  FAILS(kill(0x7ffffff0, SIGTERM), ESRCH);
  FAILS(syscall(SYS_tgkill, getpid(), 0x7ffffff0, 0), ESRCH);
  FAILS(syscall(SYS_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
  FAILS(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
  FAILS(syscall(SYS_rt_sigaction, 10, NULL, NULL, 4), EINVAL);
  FAILS(syscall(SYS_rt_sigprocmask, 9, &(sigset_t){0}, NULL, 8), EINVAL);
  FAILS(clock_gettime(99, &(struct timespec){0}), EINVAL);
  FAILS(nanosleep(&(struct timespec){-1, 0}, NULL), EINVAL);
  FAILS(syscall(SYS_getcwd, (char[1]){0}, 1), ERANGE);
  FAILS(syscall(SYS_clone, 0x10000 /* a thread must share memory and handlers */, 0, 0, 0, 0), EINVAL);
  return check_end();
}
