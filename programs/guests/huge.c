/* MADV_HUGEPAGE, MADV_COLLAPSE, and what programs do with such memory afterwards. */
#include "check.h"
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE 4096
#define BLOCK (512 * PAGE)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Whether the kernel says that at least so many bytes are in huge pages; without "ask" nobody asks. */
static int asks;
static int huge(long bytes) {
  if (!asks) return 1;
  char line[256];
  long kilobytes = -1;
  FILE *file = fopen("/proc/meminfo", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) sscanf(line, "AnonHugePages: %ld kB", &kilobytes);
  if (file != NULL) fclose(file);
  return kilobytes * 1024 >= bytes;
}

int main(int argc, char **argv) {
  asks = argc > 1;
  char *raw = mmap(NULL, 6 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(raw != MAP_FAILED);
  char *memory = (char *)(((uintptr_t)raw + BLOCK - 1) / BLOCK * BLOCK);
  CHECK(madvise(memory, 2 * BLOCK, MADV_HUGEPAGE) == 0);
  for (long i = 0; i < 2 * BLOCK; i += PAGE) memory[i] = (char)(i / PAGE);
  CHECK(huge(2 * BLOCK));

  char *small = memory + 3 * BLOCK;
  CHECK(madvise(small, BLOCK, MADV_NOHUGEPAGE) == 0);
  for (long i = 0; i < BLOCK; i += PAGE) small[i] = (char)(i / PAGE + 7);
  CHECK(!asks || madvise(small, BLOCK, MADV_COLLAPSE) == 0);
  CHECK(huge(3 * BLOCK));

  pid_t child = fork();
  if (child == 0) {
    memory[5 * PAGE] = 99;
    _exit(memory[5 * PAGE] == 99 && memory[6 * PAGE] == 6 && small[PAGE] == 8 ? 0 : 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(memory[5 * PAGE] == 5);
  CHECK(mprotect(memory + 10 * PAGE, PAGE, PROT_READ) == 0);
  CHECK(madvise(memory + 20 * PAGE, PAGE, MADV_DONTNEED) == 0);
  CHECK(memory[20 * PAGE] == 0);
  CHECK(munmap(memory + 30 * PAGE, PAGE) == 0);
  char *moved = mremap(memory + BLOCK, BLOCK, 2 * BLOCK, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  long wrong = 0;
  for (long i = 0; i < BLOCK; i += PAGE) wrong += moved[i] != (char)((i + BLOCK) / PAGE);
  for (long i = 0; i < BLOCK; i += PAGE) wrong += small[i] != (char)(i / PAGE + 7);
  for (long i = 40 * PAGE; i < BLOCK; i += PAGE) wrong += memory[i] != (char)(i / PAGE);
  SHOW(wrong);
  return check_end();
}
