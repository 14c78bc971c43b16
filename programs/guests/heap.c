/* brk and malloc: the break moves both ways and its pages are zero again; a malloc storm keeps its contents. */
#include "check.h"

enum { BLOCKS = 600, ROUNDS = 20000 };

int main(void) {
  char *start = sbrk(0);
  CHECK(sbrk(100000) == start && sbrk(0) == start + 100000);
  memset(start, 7, 100000);
  CHECK(brk(start) == 0 && sbrk(100000) == start);
  /* what lay in whole released pages is zero */
  char *page = (char *)(((uintptr_t)start + 8191) & -4096ul);
  CHECK(page[0] == 0 && page[50000] == 0);
  CHECK(brk(start) == 0);
  FAILS(brk((void *)-4096l), ENOMEM);
  static struct {
    unsigned char *bytes;
    size_t length;
    unsigned char mark;
  } blocks[BLOCKS];
  uint64_t state = 3;
  long bad = 0, bytes = 0;
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t r = check_random(&state);
    int at = (int)(r % BLOCKS);
    size_t length = (r >> 20) % (i % 50 == 0 ? 300000 : 900) + 1;
    if (blocks[at].bytes != NULL) bad += blocks[at].bytes[0] != blocks[at].mark || blocks[at].bytes[blocks[at].length - 1] != blocks[at].mark;
    blocks[at].bytes = (r & 3) == 0 ? realloc(blocks[at].bytes, length) : (free(blocks[at].bytes), calloc(1, length));
    if (blocks[at].bytes == NULL) return puts("out of memory"), 2;
    blocks[at].length = length;
    blocks[at].mark = (unsigned char)r;
    memset(blocks[at].bytes, (int)(unsigned char)r, length);
    bytes += (long)length;
  }
  SHOW(bad);
  SHOW(bytes);
  return check_end();
}
