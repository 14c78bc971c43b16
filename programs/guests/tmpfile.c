/* A file without a name (O_TMPFILE) that gets one when it is complete. */
#include "check.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void) {
  struct stat info;
  char path[64];
  int fd = open(".", O_TMPFILE | O_RDWR, 0600);
  CHECK(fd >= 0 && fstat(fd, &info) == 0 && info.st_nlink == 0 && write(fd, "text", 4) == 4);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
  CHECK(stat("named", &info) == 0 && info.st_nlink == 1 && info.st_size == 4);
  FILE *temporary = tmpfile();
  CHECK(temporary != NULL && fputs("line", temporary) >= 0 && fclose(temporary) == 0);
  return check_end();
}
