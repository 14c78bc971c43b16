/* What fork copies and what it shares: private pages, stack, shared mappings, descriptors' offsets. */
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { SIZE = 1 << 20 };

static uint64_t sum(const uint8_t *bytes) {
  uint64_t total = 0;
  for (int i = 0; i < SIZE; i++) total += bytes[i];
  return total;
}

int main(void) {
  uint8_t *private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int fd = open("offset", O_RDWR | O_CREAT, 0600), on_stack = 1, status;
  CHECK(write(fd, "abcdef", 6) == 6 && lseek(fd, 0, SEEK_SET) == 0);
  memset(private, 1, SIZE);
  memset(shared, 1, SIZE);
  pid_t child = fork();
  if (child == 0) {
    char two[2];
    memset(private, 2, SIZE);
    memset(shared, 3, SIZE);
    on_stack = 2;
    int ok = sum(private) == 2 * SIZE && on_stack == 2 && read(fd, two, 2) == 2 && lseek(fd, 0, SEEK_CUR) == 2;
    _exit(ok ? 5 : 6);
  }
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
  CHECK(sum(private) == SIZE);
  CHECK(sum(shared) == 3u * SIZE);
  CHECK(on_stack == 1);
  CHECK(lseek(fd, 0, SEEK_CUR) == 2);
  /* Copies of copies: each generation changes one page and sees all earlier changes. */
  for (int generation = 0; generation < 8; generation++) {
    child = fork();
    if (child != 0) {
      waitpid(child, &status, 0);
      if (generation > 0) _exit(WEXITSTATUS(status));
      break;
    }
    private[generation * 4096] = 100;
    if (generation == 7) _exit((int)((sum(private) - SIZE) / 99));
  }
  SHOW(WEXITSTATUS(status));
  CHECK(sum(private) == SIZE);
  return check_end();
}
