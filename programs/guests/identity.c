/* What a process can ask about itself and its machine. */
#include "check.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void) {
  struct utsname name;
  CHECK(uname(&name) == 0 && !strcmp(name.sysname, "Linux") && name.release[0] >= '4');
  CHECK(getpid() > 0 && getppid() >= 0 && syscall(SYS_gettid) == getpid() && getpgrp() > 0);
  uid_t real, effective, saved;
  CHECK(getresuid(&real, &effective, &saved) == 0 && real == getuid() && effective == geteuid());
  CHECK(getgroups(0, NULL) >= 0);
  CHECK(umask(022) <= 0777 && umask(077) == 022);
  char cwd[4096], again[4096];
  CHECK(getcwd(cwd, sizeof cwd) == cwd && cwd[0] == '/');
  CHECK(mkdir("inner", 0700) == 0 && chdir("inner") == 0 && getcwd(again, sizeof again) != NULL);
  CHECK(!strncmp(again, cwd, strlen(cwd)) && !strcmp(strrchr(again, '/'), "/inner") && chdir("..") == 0);
  FAILS(chdir("nowhere"), ENOENT);
  unsigned char bytes[64] = {0};
  int different = 0;
  CHECK(getrandom(bytes, 64, 0) == 64);
  for (int i = 1; i < 64; i++) different += bytes[i] != bytes[0];
  CHECK(different > 30);
  cpu_set_t cpus;
  CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) >= 1);
  FAILS(syscall(SYS_sched_getaffinity, 0, 1, bytes), EINVAL);
  CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_PHYS_PAGES) > 0);
  CHECK(sched_yield() == 0 && sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) == 0);
  char title[16] = {0};
  CHECK(prctl(PR_SET_NAME, "a new name that is too long") == 0 && prctl(PR_GET_NAME, title) == 0);
  puts(title);
  struct sysinfo info;
  CHECK(sysinfo(&info) == 0 && info.totalram >= info.freeram && info.procs >= 1);
  struct rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
  CHECK(isatty(0) == 0 && errno == ENOTTY);
  char host[65];
  CHECK(gethostname(host, sizeof host) == 0);
  return check_end();
}
