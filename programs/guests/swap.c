/* Touches argv[1] MiB (default 8) several times over: with a swap area it runs in a tenth of that. */
#include "check.h"
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096
#define WORDS (PAGE / sizeof(uint64_t))

static uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  return x;
}

static void fill(uint64_t *page, uint64_t seed) {
  for (size_t i = 0; i < WORDS; i += 64) page[i] = mix(seed + i);
  page[WORDS - 1] = seed;
}

static int holds(const uint64_t *page, uint64_t seed) {
  for (size_t i = 0; i < WORDS; i += 64)
    if (page[i] != mix(seed + i)) return 0;
  return page[WORDS - 1] == seed;
}

static size_t wrong(uint64_t *memory, size_t pages, size_t step, uint64_t salt) {
  size_t bad = 0, at = 0;
  for (size_t i = 0; i < pages; i++, at = (at + step) % pages) bad += !holds(memory + at * WORDS, at ^ salt);
  return bad;
}

int main(int argc, char **argv) {
  size_t pages = (argc > 1 ? strtoul(argv[1], NULL, 10) : 8) * 256;
  uint64_t *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  for (size_t i = 0; i < pages; i++) fill(memory + i * WORDS, i);
  printf("forwards: %zu wrong\n", wrong(memory, pages, 1, 0));
  printf("backwards: %zu wrong\n", wrong(memory, pages, pages - 1, 0));
  printf("scattered: %zu wrong\n", wrong(memory, pages, 8191, 0));
  fflush(stdout);

  pid_t child = fork();
  if (child == 0) {
    for (size_t i = 0; i < pages / 4; i++) fill(memory + i * WORDS, i ^ 0x5555);
    printf("child: %zu wrong, %zu wrong\n", wrong(memory, pages / 4, 1, 0x5555),
           wrong(memory + pages / 4 * WORDS, 1, 1, pages / 4));
    fflush(stdout);
    _exit(0);
  }
  int status;
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  printf("after fork: %zu wrong\n", wrong(memory, pages, 1, 0));

  CHECK(mprotect(memory, pages * PAGE, PROT_READ) == 0);
  printf("read-only: %zu wrong\n", wrong(memory, pages, 8191, 0));
  CHECK(mprotect(memory, pages * PAGE, PROT_NONE) == 0);
  CHECK(mprotect(memory, pages * PAGE, PROT_READ | PROT_WRITE) == 0);

  uint64_t *moved = mremap(memory, pages * PAGE, 2 * pages * PAGE, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  printf("moved: %zu wrong\n", wrong(moved, pages, 1, 0));
  CHECK(madvise(moved, pages / 2 * PAGE, MADV_DONTNEED) == 0);
  size_t zero = 0;
  for (size_t i = 0; i < pages / 2; i++) zero += moved[i * WORDS] == 0 && moved[i * WORDS + WORDS - 1] == 0;
  printf("forgotten: %zu wrong\n", pages / 2 - zero);
  for (size_t i = 0; i < pages / 2; i++) fill(moved + i * WORDS, i);
  printf("again: %zu wrong\n", wrong(moved, pages, 1, 0));

  int pipes[2];
  CHECK(pipe(pipes) == 0);
  char *text = (char *)moved;
  size_t sent = 0;
  for (size_t i = 0; i < pages; i += 16) {
    sent += write(pipes[1], text + i * PAGE, 512) == 512 && read(pipes[0], text + (pages + i) * PAGE, 512) == 512;
  }
  size_t same = 0;
  for (size_t i = 0; i < pages; i += 16) same += moved[i * WORDS] == moved[(pages + i) * WORDS];
  printf("through a pipe: %zu lost, %zu wrong\n", pages / 16 - sent, pages / 16 - same);
  CHECK(munmap(moved, 2 * pages * PAGE) == 0);
  return check_end();
}
