/*
 * A static position-independent executable without a C library: it relocates itself from its dynamic section, then
 * checks what the initial stack says about where it was loaded.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include "raw.h"

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));

static void print(const char *text) {
  long length = 0;
  while (text[length] != 0) length++;
  call3(WRITE, 1, (long)text, length);
}

/* Pointers in initialised data: wrong until relocated. */
static const char first[] = "first\n", second[] = "second\n";
static const char *const volatile texts[] = {first, second};
static long twice(long x) { return 2 * x; }
static long square(long x) { return x * x; }
static long (*volatile functions[])(long) = {twice, square};
static long zeroed[4096], initialised[] = {5, 6, 7};

static void relocate(uintptr_t base) {
  const Elf64_Rela *entries = NULL;
  size_t bytes = 0;
  for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_RELA) entries = (const Elf64_Rela *)(base + entry->d_un.d_ptr);
    if (entry->d_tag == DT_RELASZ) bytes = entry->d_un.d_val;
  }
  for (size_t i = 0; i < bytes / sizeof *entries; i++)
    if (ELF64_R_TYPE(entries[i].r_info) == RELATIVE)
      *(uintptr_t *)(base + entries[i].r_offset) = base + (uintptr_t)entries[i].r_addend;
}

static uintptr_t auxiliary(uintptr_t *stack, uintptr_t type) {
  uintptr_t *at = stack + 1 + stack[0] + 1;
  while (*at != 0) at++;
  for (at++; at[0] != AT_NULL; at += 2)
    if (at[0] == type) return at[1];
  return 0;
}

void _start(void);

__attribute__((used)) static void start(uintptr_t *stack) {
  uintptr_t base = (uintptr_t)&__ehdr_start;
  int zero = 1;
  relocate(base);
  print(texts[0]);
  print(texts[1]);
  for (int i = 0; i < 4096; i++) zero &= zeroed[i] == 0;
  print(zero && initialised[2] == 7 ? "data as linked\n" : "FAIL data\n");
  print(functions[0](21) == 42 && functions[1](9) == 81 ? "function pointers\n" : "FAIL function pointers\n");
  print(base % 4096 == 0 && base >= 0x10000 ? "loaded at a page\n" : "FAIL load address\n");
  print(auxiliary(stack, AT_PHDR) == base + __ehdr_start.e_phoff ? "AT_PHDR\n" : "FAIL AT_PHDR\n");
  print(auxiliary(stack, AT_ENTRY) == (uintptr_t)_start ? "AT_ENTRY\n" : "FAIL AT_ENTRY\n");
  print(auxiliary(stack, AT_BASE) == 0 ? "AT_BASE\n" : "FAIL AT_BASE\n");
  print((uintptr_t)stack % 16 == 0 && stack[0] == 1 ? "stack\n" : "FAIL stack\n");
  call3(EXIT, 8, 0, 0);
}

ENTRY(start);
