/* The initial stack: argument and environment order, the auxiliary vector, alignment. */
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static int entries_end_in_null(Elf64_auxv_t *vector) {
  int n = 0;
  while (n < 64 && vector[n].a_type != AT_NULL) n++;
  return n < 64;
}

int main(int argc, char **argv) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
  CHECK(argv[argc] == NULL);
  CHECK(environ == argv + argc + 1);
  int variables = 0;
  while (environ[variables] != NULL) variables++;
  CHECK(entries_end_in_null((Elf64_auxv_t *)(environ + variables + 1)));
  CHECK((uintptr_t)(argv - 1) % 16 == 0); /* argc's place is the initial stack pointer */
  SHOW(getauxval(AT_PAGESZ));
  SHOW(getauxval(AT_CLKTCK));
  SHOW(getauxval(AT_PHENT));
  SHOW(getauxval(AT_SECURE));
  SHOW(getauxval(AT_BASE));
  SHOW(getauxval(AT_FLAGS));
  CHECK(getauxval(AT_PHNUM) == header->e_phnum);
  CHECK(getauxval(AT_PHDR) == (uintptr_t)__ehdr_start + header->e_phoff);
  CHECK(getauxval(AT_ENTRY) == header->e_entry);
  CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
  CHECK(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
  const uint64_t *random = (const uint64_t *)getauxval(AT_RANDOM);
  CHECK(random != NULL && (random[0] | random[1]) != 0);
  const char *path = (const char *)getauxval(AT_EXECFN);
  CHECK(path != NULL && strcmp(strrchr(path, '/') ? strrchr(path, '/') + 1 : path, "auxv") == 0);
  CHECK((uintptr_t)path > (uintptr_t)argv[0]);
  return check_end();
}
