/* mlock, mlockall and mincore; run with little memory and a swap area, what is locked stays. */
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096
#define LOCKED 64
#define OTHER 4096

static size_t resident(void *start, size_t pages) {
  static unsigned char vector[OTHER];
  size_t count = 0;
  if (mincore(start, pages * PAGE, vector) != 0) return (size_t)-1;
  for (size_t i = 0; i < pages; i++) count += vector[i] & 1;
  return count;
}

int main(void) {
  char *memory = mmap(NULL, (LOCKED + OTHER) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(resident(memory, LOCKED) == 0);
  CHECK(mlock(memory, LOCKED * PAGE) == 0);
  CHECK(resident(memory, LOCKED) == LOCKED);
  for (size_t i = 0; i < LOCKED; i++) memory[i * PAGE] = (char)i;
  for (size_t i = LOCKED; i < LOCKED + OTHER; i++) memory[i * PAGE] = 1;
  CHECK(resident(memory, LOCKED) == LOCKED);
  size_t good = 0;
  for (size_t i = 0; i < LOCKED; i++) good += memory[i * PAGE] == (char)i;
  CHECK(good == LOCKED);
  CHECK(munlock(memory, LOCKED * PAGE) == 0);
  CHECK(madvise(memory, LOCKED * PAGE, MADV_DONTNEED) == 0);
  CHECK(resident(memory, LOCKED) == 0);
  FAILS(mlock(memory + (LOCKED + OTHER) * PAGE - PAGE, 1UL << 40), ENOMEM);
  FAILS(mlockall(0), EINVAL);
  FAILS(mlockall(64), EINVAL);
  struct rlimit limit = {.rlim_cur = 16 * PAGE, .rlim_max = 16 * PAGE};
  CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  CHECK(munmap(memory, (LOCKED + OTHER) * PAGE) == 0);
  CHECK(mlockall(MCL_FUTURE) == 0);
  CHECK(munlockall() == 0);
  return check_end();
}
