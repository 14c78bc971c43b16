/* Code written at run time: filled, made executable, called, rewritten; W then X, and both at once as Linux allows. */
#include "check.h"
#include <sys/mman.h>

typedef int (*function)(void);

/* A function that returns `value` (0 to 127). */
static void emit(void *at, int value) {
#ifdef __riscv
  uint32_t code[] = {0x00000513u | (uint32_t)value << 20, 0x00008067}; /* li a0, value; ret */
#elif defined __aarch64__
  uint32_t code[] = {0x52800000u | (uint32_t)value << 5, 0xd65f03c0}; /* mov w0, value; ret */
#else
  uint8_t code[] = {0xb8, (uint8_t)value, 0, 0, 0, 0xc3}; /* mov eax, value; ret */
#endif
  memcpy(at, code, sizeof code);
  __builtin___clear_cache((char *)at, (char *)at + sizeof code);
}

int main(void) {
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int sum = 0;
  for (int i = 0; i < 100; i++) {
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
    emit(page + i % 7 * 16, i);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    sum += ((function)(uintptr_t)(page + i % 7 * 16))();
    if (i == 2) i = 96;
  }
  SHOW(sum);
  CHECK(mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
  sum = 0;
  for (int i = 0; i < 128; i++) {
    emit(page + 4096 - 4, i); /* straddles two pages */
    sum += ((function)(uintptr_t)(page + 4096 - 4))();
  }
  SHOW(sum);
  CHECK(sum == 127 * 128 / 2);
  return check_end();
}
