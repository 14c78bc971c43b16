/* Files without a name in memory: mapped, sealed, executed by nobody. */
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(void) {
  int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat info;
  CHECK(fd >= 0 && ftruncate(fd, 8192) == 0 && pwrite(fd, "text", 4, 4096) == 4);
  CHECK(fstat(fd, &info) == 0 && info.st_size == 8192 && S_ISREG(info.st_mode));
  if (fd < 0) return check_end();
  char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(shared != MAP_FAILED && !memcmp(shared + 4096, "text", 4));
  munmap(shared, 8192);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 && fcntl(fd, F_GET_SEALS) == F_SEAL_SHRINK);
  FAILS(ftruncate(fd, 0), EPERM);
  CHECK(ftruncate(fd, 16384) == 0);
  return check_end();
}
