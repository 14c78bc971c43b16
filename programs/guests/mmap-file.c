/* Mapped files: private and shared, coherent with read and write, through fork, past the end, after close. */
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE };

int main(void) {
  char page[PAGE], byte;
  int fd = open("file", O_RDWR | O_CREAT, 0600);
  for (int i = 0; i < 3; i++) {
    memset(page, 'a' + i, PAGE);
    CHECK(write(fd, page, i < 2 ? PAGE : 100) > 0);
  }
  char *shared = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
  char *private = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
  char *second = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
  CHECK(shared[0] == 'a' && shared[PAGE] == 'b' && shared[2 * PAGE + 99] == 'c' && shared[2 * PAGE + 100] == 0);
  CHECK(second[0] == 'b');
  shared[PAGE] = 'S';
  CHECK(second[0] == 'S' && pread(fd, &byte, 1, PAGE) == 1 && byte == 'S' && private[PAGE] == 'S');
  private[PAGE] = 'P';
  CHECK(shared[PAGE] == 'S' && pread(fd, &byte, 1, PAGE) == 1 && byte == 'S');
  CHECK(pwrite(fd, "W", 1, PAGE) == 1 && shared[PAGE] == 'W' && private[PAGE] == 'P');
  CHECK(pwrite(fd, "Q", 1, 5) == 1 && shared[5] == 'Q');
  CHECK(close(fd) == 0 && shared[5] == 'Q'); /* a mapping outlives its descriptor */
  pid_t child = fork();
  if (child == 0) {
    shared[7] = 'C';
    private[7] = 'D';
    _exit(0);
  }
  waitpid(child, NULL, 0);
  CHECK(shared[7] == 'C' && private[7] != 'D');
  CHECK(msync(shared, 3 * PAGE, MS_SYNC) == 0);
  FAILS(msync(shared + 1, PAGE, MS_SYNC), EINVAL);
  fd = open("file", O_RDONLY);
  CHECK(pread(fd, &byte, 1, 7) == 1 && byte == 'C');
  FAILS(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EACCES);
  CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
  int write_only = open("file", O_WRONLY);
  FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, write_only, 0), EACCES);
  char *read_only = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  FAILS(mprotect(read_only, PAGE, RW), EACCES);
  CHECK(unlink("file") == 0 && shared[0] == 'a');
  fd = open("grow", O_RDWR | O_CREAT, 0600);
  shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
  CHECK(ftruncate(fd, 4 * PAGE) == 0);
  shared[3 * PAGE] = 'G'; /* mapped before the file had it */
  CHECK(pread(fd, &byte, 1, 3 * PAGE) == 1 && byte == 'G');
  CHECK(ftruncate(fd, PAGE) == 0 && ftruncate(fd, 4 * PAGE) == 0 && shared[3 * PAGE] == 0);
  return check_end();
}
