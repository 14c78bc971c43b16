/* The vDSO: found and called by hand, equal to the calls, inherited by fork, read-only, and the program's to unmap. */
#include "vdso.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

typedef int (*gettimeofday_function)(struct timeval *, void *);
typedef time_t (*time_function)(time_t *);
typedef int (*getcpu_function)(unsigned *, unsigned *, void *);

#define PAGE 4096

static struct vdso vdso;
static void *find(const char *name) { return vdso_find(&vdso, name); }

/* The clock lies between two calls, in either order. */
static int agrees(gettime_function gettime, clockid_t clock) {
  for (int i = 0; i < 200; i++) {
    int64_t before = vdso_read(vdso_call_gettime, clock), at = vdso_read(gettime, clock);
    int64_t after = vdso_read(vdso_call_gettime, clock);
    if (!(0 <= before && before <= at && at <= after)) return 0;
  }
  return 1;
}

static int in_child(gettime_function gettime) {
  int status = -1;
  pid_t child = fork();
  if (child == 0) _exit(agrees(gettime, CLOCK_MONOTONIC) ? 0 : 1);
  return waitpid(child, &status, 0) == child && status == 0;
}

struct range {
  unsigned long start, end;
};

/* The mapping of that name in /proc/self/maps; empty when there is none. */
static struct range mapped(const char *name) {
  char line[512];
  struct range found = {0, 0};
  FILE *file = fopen("/proc/self/maps", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (strstr(line, name) != NULL) sscanf(line, "%lx-%lx", &found.start, &found.end);
  if (file != NULL) fclose(file);
  return found;
}

/* Linux does not split these mappings: all of it, or nothing. */
static int unmaps(struct range range) { return munmap((void *)range.start, range.end - range.start) == 0; }

int main(void) {
  vdso = vdso_open();
  int none = vdso.header == NULL;
  gettime_function gettime = vdso_gettime();
  CHECK(none || memcmp(vdso.header->e_ident, ELFMAG "\2\1\1", 7) == 0);
  CHECK(none || (vdso.header->e_type == ET_DYN && (uintptr_t)vdso.header % PAGE == 0));
  CHECK(none || (vdso.symbols != NULL && vdso.strings != NULL && vdso.versions != NULL && vdso.definitions != NULL));
  CHECK(none || gettime != vdso_call_gettime);
  CHECK(find("__vdso_no_such_function") == NULL);
  CHECK(agrees(gettime, CLOCK_MONOTONIC) && agrees(gettime, CLOCK_REALTIME) && agrees(gettime, CLOCK_BOOTTIME));
  CHECK(agrees(gettime, CLOCK_MONOTONIC_RAW) && agrees(gettime, CLOCK_TAI));
  CHECK(vdso_read(gettime, CLOCK_PROCESS_CPUTIME_ID) > 0 && vdso_read(gettime, CLOCK_THREAD_CPUTIME_ID) > 0);
  struct timespec value;
  CHECK((none || gettime(31, &value) == -EINVAL) && (none || gettime(-1, &value) == -EINVAL));
  CHECK(none || gettime(1 << 30, &value) == -EINVAL);

  gettime_function getres = (gettime_function)find(VDSO_NAME("clock_getres"));
  CHECK(none || (getres(CLOCK_MONOTONIC, &value) == 0 && value.tv_sec == 0 && value.tv_nsec >= 1));
  CHECK(none || (getres(CLOCK_REALTIME, NULL) == 0 && getres(31, &value) == -EINVAL));

  gettimeofday_function day = (gettimeofday_function)find(VDSO_NAME("gettimeofday"));
  struct timeval at = {-1, -1};
  struct timezone zone = {77, 77};
  int64_t before = vdso_read(gettime, CLOCK_REALTIME) / 1000;
  CHECK(none || (day(&at, &zone) == 0 && at.tv_usec >= 0 && at.tv_usec < 1000000));
  int64_t us = at.tv_sec * 1000000ll + at.tv_usec;
  CHECK(none || (before <= us && us <= vdso_read(gettime, CLOCK_REALTIME) / 1000));
  CHECK(none || (zone.tz_minuteswest == 0 && zone.tz_dsttime == 0 && day(NULL, NULL) == 0 && day(NULL, &zone) == 0));

  /* The calls behind the functions, which libraries no longer make. */
  CHECK(syscall(SYS_gettimeofday, &at, NULL) == 0 && at.tv_sec * 1000000ll + at.tv_usec >= us);
  CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &value) == 0 && value.tv_sec == 0 && value.tv_nsec >= 1);
  unsigned here = ~0u;
  CHECK(syscall(SYS_getcpu, &here, NULL, NULL) == 0 && here < 1024);

#ifdef __x86_64__
  time_t second = syscall(SYS_time, NULL);
  time_function seconds = (time_function)find(VDSO_NAME("time"));
  getcpu_function getcpu = (getcpu_function)find(VDSO_NAME("getcpu"));
#else
  time_t second = time(NULL);
  time_function seconds = NULL;
  getcpu_function getcpu = NULL;
#endif
  time_t told = 0;
  CHECK(llabs(second - at.tv_sec) <= 1);
  CHECK(seconds == NULL || (llabs(seconds(&told) - vdso_read(gettime, CLOCK_REALTIME) / 1000000000) <= 1));
  CHECK(seconds == NULL || (seconds(NULL) >= told && told > 0));
  unsigned cpu = ~0u, node = ~0u;
  CHECK(getcpu == NULL || (getcpu(&cpu, &node, NULL) == 0 && cpu < 1024 && node < 1024 && getcpu(NULL, NULL, NULL) == 0));

  CHECK(in_child(gettime));
  struct range data = mapped("[vvar]"), code = mapped("[vdso]");
  CHECK(none || (code.start == (uintptr_t)vdso.header && data.start < data.end && data.end <= code.start));
  /* The kernel's data is nobody's to write. */
  char *first = (char *)data.start;
  CHECK(none || (mprotect(first, data.end - data.start, PROT_READ | PROT_WRITE) == -1 && errno == EACCES));
  CHECK(none || (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, first) == -1 && errno == EFAULT));
  /* A program that unmaps both only loses them. */
  CHECK(none || (unmaps(code) && unmaps(data) && mapped("[vdso]").end == 0));
  CHECK(vdso_read(vdso_call_gettime, CLOCK_MONOTONIC) > 0);
  pid_t child = fork();
  if (child == 0) _exit(vdso_read(vdso_call_gettime, CLOCK_REALTIME) > 0 ? 0 : 1);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return check_end();
}
