/* Bytes moved between pipes and files without a buffer: tee and splice. */
#include "check.h"
#include <fcntl.h>

int main(void) {
  int a[2], b[2];
  char text[16] = {0};
  CHECK(pipe(a) == 0 && pipe(b) == 0 && write(a[1], "spliced", 7) == 7);
  if (!CHECK(tee(a[0], b[1], 100, SPLICE_F_NONBLOCK) == 7)) return check_end();
  CHECK(read(b[0], text, 16) == 7 && !strcmp(text, "spliced"));
  int fd = open("file", O_RDWR | O_CREAT, 0600);
  CHECK(splice(a[0], NULL, fd, NULL, 100, 0) == 7 && pread(fd, text, 16, 0) == 7);
  off_t from = 2;
  CHECK(splice(fd, &from, b[1], NULL, 3, 0) == 3 && from == 5 && read(b[0], text, 16) == 3 && !memcmp(text, "lic", 3));
  CHECK(write(a[1], "on", 2) == 2 && splice(a[0], NULL, b[1], NULL, 10, 0) == 2 && read(b[0], text, 16) == 2);
  FAILS(splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
  FAILS(splice(fd, NULL, fd, NULL, 1, 0), EINVAL);
  return check_end();
}
