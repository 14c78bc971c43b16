/* Twice 4 MiB of equal pages, with some computing in between; with "ask" the first half is offered for merging. */
#include "check.h"
#include <sys/mman.h>

#define PAGE 4096
#define PAGES 1024

static char *fresh(void) {
  char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return CHECK(memory != MAP_FAILED) ? memory : NULL;
}

static void fill(char *memory) {
  for (size_t i = 0; i < PAGES; i++) memset(memory + i * PAGE, 'x', PAGE);
}

static size_t count(const char *memory, char value) {
  size_t equal = 0;
  for (size_t i = 0; i < PAGES; i++) equal += memory[i * PAGE] == value && memory[i * PAGE + PAGE - 1] == value;
  return equal;
}

int main(int argc, char **argv) {
  char *first = fresh();
  if (argc > 1 && strcmp(argv[1], "ask") == 0) madvise(first, PAGES * PAGE, MADV_MERGEABLE); /* EINVAL without KSM */
  fill(first);
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 20000000; i++) sum += i;
  CHECK(sum == 199999990000000);
  char *second = fresh();
  fill(second);
  CHECK(count(first, 'x') == PAGES);
  CHECK(count(second, 'x') == PAGES);
  for (size_t i = 0; i < PAGES; i += 64) first[i * PAGE] = 'y';
  CHECK(count(first, 'x') == PAGES - PAGES / 64);
  CHECK(munmap(first, PAGES * PAGE) == 0);
  CHECK(munmap(second, PAGES * PAGE) == 0);
  return check_end();
}
