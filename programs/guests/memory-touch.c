/* Sixty-four MiB touched in a scattered order, and four MiB of stack; everything is kept. */
#include "check.h"
#include <sys/mman.h>

enum { WORDS = 8 << 20 };

__attribute__((noinline)) static uint64_t deep(int depth) {
  volatile uint64_t room[512];
  for (int i = 0; i < 512; i += 64) room[i] = (uint64_t)(depth * i);
  uint64_t below = depth == 0 ? 0 : deep(depth - 1);
  for (int i = 0; i < 512; i += 64) below += room[i];
  return below;
}

int main(void) {
  uint64_t *words = mmap(NULL, WORDS * sizeof *words, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t hash = CHECK_SEED;
  if (words == MAP_FAILED) return puts("no memory"), 2;
  for (uint64_t i = 0; i < WORDS / 64; i++) {
    uint64_t at = i * 40503 % (WORDS / 64) * 64; /* every 512 bytes, each once */
    words[at] = at ^ 0x5555555555555555;
  }
  for (uint64_t at = 0; at < WORDS; at += 64) hash = (hash ^ words[at] ^ words[at + 1]) * 0x100000001b3;
  printf("%016llx\n", (unsigned long long)hash);
  printf("%llu\n", (unsigned long long)deep(1000));
  return 0;
}
