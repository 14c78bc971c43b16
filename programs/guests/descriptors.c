/* Descriptors without a file opened: O_PATH; many closed at once; marks that exec acts on. */
#include "check.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int main(void) {
  struct stat info;
  char byte;
  close(open("file", O_WRONLY | O_CREAT, 0600));
  int path = open("file", O_PATH);
  CHECK(path >= 0 && fstat(path, &info) == 0 && S_ISREG(info.st_mode));
  FAILS(read(path, &byte, 1), EBADF);
  int folder = open(".", O_PATH | O_DIRECTORY);
  CHECK(folder >= 0 && faccessat(folder, "file", F_OK, 0) == 0);
  CHECK(dup2(path, 30) == 30 && dup2(path, 31) == 31 && dup2(path, 32) == 32);
  CHECK(syscall(SYS_close_range, 30, 31, 0) == 0);
  FAILS(fcntl(30, F_GETFD), EBADF);
  FAILS(fcntl(31, F_GETFD), EBADF);
  CHECK(fcntl(32, F_GETFD) == 0);
  CHECK(syscall(SYS_close_range, 32, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */) == 0 && fcntl(32, F_GETFD) == FD_CLOEXEC);
  FAILS(syscall(SYS_close_range, 9, 8, 0), EINVAL);
  CHECK(fcntl(path, F_SETFD, FD_CLOEXEC) == 0 && fcntl(path, F_GETFD) == FD_CLOEXEC);
  return check_end();
}
