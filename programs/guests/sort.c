/* Sorting and searching half a million records with qsort, then a hash table of strings. */
#include "check.h"

enum { RECORDS = 300000, BUCKETS = 4096 };
struct record {
  uint64_t key;
  uint32_t index;
};
struct word {
  struct word *next;
  long count;
  char text[];
};

static int by_key(const void *a, const void *b) {
  uint64_t x = ((const struct record *)a)->key, y = ((const struct record *)b)->key;
  return (x > y) - (x < y);
}

int main(void) {
  struct record *records = malloc(RECORDS * sizeof *records);
  uint64_t state = 9, hash = CHECK_SEED;
  for (uint32_t i = 0; i < RECORDS; i++) records[i] = (struct record){check_random(&state), i};
  qsort(records, RECORDS, sizeof *records, by_key);
  for (int i = 0; i < RECORDS; i++) hash = (hash ^ records[i].index) * 0x100000001b3;
  printf("%016llx\n", (unsigned long long)hash);
  struct record *found = bsearch(&records[777], records, RECORDS, sizeof *records, by_key);
  SHOW(found - records);
  static struct word *table[BUCKETS];
  long words = 0, longest = 0;
  for (int i = 0; i < 100000; i++) {
    char text[24];
    snprintf(text, sizeof text, "w%llu", (unsigned long long)(check_random(&state) % 20000));
    unsigned bucket = 0;
    for (char *c = text; *c; c++) bucket = bucket * 31 + (unsigned char)*c;
    struct word **at = &table[bucket % BUCKETS];
    while (*at != NULL && strcmp((*at)->text, text) != 0) at = &(*at)->next;
    if (*at == NULL) {
      *at = calloc(1, sizeof **at + strlen(text) + 1);
      strcpy((*at)->text, text);
      words++;
    }
    if (++(*at)->count > longest) longest = (*at)->count;
  }
  SHOW(words);
  SHOW(longest);
  return 0;
}
