/*
 * Finding functions in the vDSO as C libraries do it: AT_SYSINFO_EHDR, dynamic section, hash table, versions. Where there
 * is no vDSO everything is NULL.
 */
#ifndef VDSO_H
#define VDSO_H
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#if defined __x86_64__
#define VDSO_NAME(name) "__vdso_" name
#define VDSO_VERSION "LINUX_2.6"
#elif defined __aarch64__
#define VDSO_NAME(name) "__kernel_" name
#define VDSO_VERSION "LINUX_2.6.39"
#else
#define VDSO_NAME(name) "__vdso_" name
#define VDSO_VERSION "LINUX_4.15"
#endif

typedef int (*gettime_function)(clockid_t, struct timespec *);

struct vdso {
  const Elf64_Ehdr *header; /* NULL = there is none */
  uintptr_t bias;
  const uint32_t *hash;
  const Elf64_Sym *symbols;
  const char *strings;
  const uint16_t *versions;
  const Elf64_Verdef *definitions;
};

__attribute__((unused)) static struct vdso vdso_open(void) {
  struct vdso vdso = {.header = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR)};
  if (vdso.header == NULL) return vdso;
  const char *base = (const char *)vdso.header;
  const Elf64_Phdr *segments = (const Elf64_Phdr *)(base + vdso.header->e_phoff);
  const Elf64_Dyn *dynamic = NULL;
  for (int i = 0; i < vdso.header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD) vdso.bias = (uintptr_t)base + segments[i].p_offset - segments[i].p_vaddr;
    if (segments[i].p_type == PT_DYNAMIC) dynamic = (const Elf64_Dyn *)(base + segments[i].p_offset);
  }
  for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
    const void *at = (const void *)(vdso.bias + dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_HASH) vdso.hash = at;
    if (dynamic->d_tag == DT_SYMTAB) vdso.symbols = at;
    if (dynamic->d_tag == DT_STRTAB) vdso.strings = at;
    if (dynamic->d_tag == DT_VERSYM) vdso.versions = at;
    if (dynamic->d_tag == DT_VERDEF) vdso.definitions = at;
  }
  return vdso;
}

static uint32_t vdso_hash(const char *name) {
  uint32_t hash = 0;
  for (; *name != 0; name++) {
    hash = (hash << 4) + (unsigned char)*name;
    uint32_t top = hash & 0xf0000000;
    hash = (hash ^ top >> 24) & ~top;
  }
  return hash;
}

static int vdso_has_version(const struct vdso *vdso, int index) {
  const Elf64_Verdef *definition = vdso->definitions;
  while ((definition->vd_flags & VER_FLG_BASE) != 0 || (definition->vd_ndx & 0x7fff) != index) {
    if (definition->vd_next == 0) return 0;
    definition = (const Elf64_Verdef *)((const char *)definition + definition->vd_next);
  }
  const Elf64_Verdaux *name = (const Elf64_Verdaux *)((const char *)definition + definition->vd_aux);
  return definition->vd_hash == vdso_hash(VDSO_VERSION) && strcmp(vdso->strings + name->vda_name, VDSO_VERSION) == 0;
}

/* The function of that name and of the ISA's version, by the hash table. */
__attribute__((unused)) static void *vdso_find(const struct vdso *vdso, const char *name) {
  if (vdso->header == NULL || vdso->hash == NULL) return NULL;
  const uint32_t *buckets = vdso->hash + 2, *chains = buckets + vdso->hash[0];
  for (uint32_t i = buckets[vdso_hash(name) % vdso->hash[0]]; i != 0; i = chains[i]) {
    const Elf64_Sym *symbol = &vdso->symbols[i];
    if (strcmp(vdso->strings + symbol->st_name, name) != 0 || symbol->st_shndx == SHN_UNDEF) continue;
    if (vdso_has_version(vdso, vdso->versions[i] & 0x7fff)) return (void *)(vdso->bias + symbol->st_value);
  }
  return NULL;
}

__attribute__((unused)) static int vdso_call_gettime(clockid_t clock, struct timespec *time) {
  return syscall(SYS_clock_gettime, clock, time);
}

__attribute__((unused)) static gettime_function vdso_gettime(void) {
  struct vdso vdso = vdso_open();
  gettime_function found = (gettime_function)vdso_find(&vdso, VDSO_NAME("clock_gettime"));
  return found != NULL ? found : vdso_call_gettime;
}

static int64_t vdso_ns(const struct timespec *time) { return time->tv_sec * 1000000000ll + time->tv_nsec; }

__attribute__((unused)) static int64_t vdso_read(gettime_function gettime, clockid_t clock) {
  struct timespec time = {-1, -1};
  return gettime(clock, &time) == 0 && time.tv_nsec >= 0 && time.tv_nsec < 1000000000 ? vdso_ns(&time) : -1;
}
#endif
