/* Anonymous mappings: fixed ones, holes, splits, mremap, madvise, reservations, and every refusal. */
#include "check.h"
#include <sys/mman.h>

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static int mapped(char *at) {
  unsigned char resident;
  return mincore(at, PAGE, &resident) == 0;
}

int main(void) {
  char *area = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);
  CHECK(area != MAP_FAILED && (uintptr_t)area % PAGE == 0);
  int zero = 1;
  for (int i = 0; i < 16 * PAGE; i++) zero &= area[i] == 0;
  CHECK(zero);
  for (int i = 0; i < 16; i++) area[i * PAGE] = (char)(i + 1);
  CHECK(munmap(area + 4 * PAGE, 2 * PAGE) == 0);
  CHECK(mapped(area + 3 * PAGE) && !mapped(area + 4 * PAGE) && !mapped(area + 5 * PAGE) && mapped(area + 6 * PAGE));
  CHECK(area[3 * PAGE] == 4 && area[6 * PAGE] == 7);
  CHECK(munmap(area + 4 * PAGE, 2 * PAGE) == 0); /* nothing there is no error */
  CHECK(mmap(area + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == area + 4 * PAGE && area[4 * PAGE] == 0);
  CHECK(mmap(area, PAGE, RW, ANON | MAP_FIXED, -1, 0) == area && area[0] == 0 && area[PAGE] == 2);
  FAILS(mmap(area, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
  char *hinted = mmap(area + 5 * PAGE, PAGE, RW, ANON, -1, 0); /* the hole is free: the hint is taken */
  CHECK(hinted == area + 5 * PAGE);
  CHECK(madvise(area + PAGE, PAGE, MADV_DONTNEED) == 0 && area[PAGE] == 0);
  FAILS(madvise(area + 1, PAGE, MADV_DONTNEED), EINVAL);
  FAILS(madvise(area, PAGE, 9999), EINVAL);
  /* mremap keeps the content, in place or elsewhere. */
  char *small = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
  small[0] = 11, small[PAGE] = 22;
  char *big = mremap(small, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
  CHECK(big != MAP_FAILED && big[0] == 11 && big[PAGE] == 22 && big[299 * PAGE] == 0);
  CHECK(mremap(big, 300 * PAGE, PAGE, 0) == big && !mapped(big + PAGE));
  char *target = mmap(NULL, 2 * PAGE, PROT_NONE, ANON, -1, 0);
  CHECK(mremap(big, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && target[0] == 11);
  FAILS(mremap(big, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
  /* A reservation costs nothing until it is used. */
  char *reserve = mmap(NULL, 1l << 36, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
  CHECK(reserve != MAP_FAILED && mprotect(reserve + (1l << 35), PAGE, RW) == 0);
  reserve[1l << 35] = 5;
  CHECK(reserve[1l << 35] == 5 && munmap(reserve, 1l << 36) == 0);
  FAILS(mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
  FAILS(mmap((void *)1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
  FAILS(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
  FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
  FAILS(mmap(NULL, 1l << 60, RW, ANON, -1, 0), ENOMEM);
  FAILS(munmap(area + 1, PAGE), EINVAL);
  FAILS(munmap(area, 0), EINVAL);
  FAILS(mprotect(area + 1, PAGE, RW), EINVAL);
  CHECK(munmap(area + 9 * PAGE, PAGE) == 0);
  FAILS(mprotect(area + 8 * PAGE, 3 * PAGE, PROT_READ), ENOMEM);
  return check_end();
}
