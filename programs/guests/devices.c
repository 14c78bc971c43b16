/* The device files and the parts of /proc that programs read. */
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
  char text[512] = {0};
  struct stat info;
  int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
  int random = open("/dev/urandom", O_RDONLY);
  CHECK(null >= 0 && zero >= 0 && full >= 0 && random >= 0);
  CHECK(write(null, "gone", 4) == 4 && read(null, text, 4) == 0);
  memset(text, 'x', 16);
  CHECK(read(zero, text, 16) == 16 && text[0] == 0 && text[15] == 0 && write(zero, text, 5) == 5);
  FAILS(write(full, "x", 1), ENOSPC);
  CHECK(read(full, text, 4) == 4);
  CHECK(read(random, text, 64) == 64);
  CHECK(fstat(null, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == 0x103);
  char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
  CHECK(mapped != MAP_FAILED && mapped[100] == 0);
  mapped[100] = 1;
  memset(text, 0, sizeof text);
  int file = open("/proc/self/cmdline", O_RDONLY);
  long got = read(file, text, sizeof text - 1);
  CHECK(argc == 1 && got == (long)strlen(argv[0]) + 1 && !strcmp(text, argv[0]));
  char target[512] = {0}, link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", null);
  CHECK(readlink(link, target, 511) == 9 && !strcmp(target, "/dev/null"));
  FILE *maps = fopen("/proc/self/maps", "r");
  int stack = 0, code = 0;
  char line[512];
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    unsigned long from = 0, to = 0;
    char rights[8] = {0};
    sscanf(line, "%lx-%lx %7s", &from, &to, rights);
    stack |= strstr(line, "[stack]") != NULL && (unsigned long)&stack >= from && (unsigned long)&stack < to;
    code |= (unsigned long)main >= from && (unsigned long)main < to && rights[2] == 'x';
  }
  CHECK(stack == 1);
  CHECK(code == 1);
  int pid = 0;
  char name[64] = {0};
  FILE *stat_file = fopen("/proc/self/stat", "r");
  CHECK(stat_file != NULL && fscanf(stat_file, "%d (%63[^)])", &pid, name) == 2 && pid == getpid());
  snprintf(link, sizeof link, "/dev/fd/%d", zero);
  CHECK(open(link, O_RDONLY) >= 0);
  return check_end();
}
