/* Listing: three hundred entries come once each, with their types, in small buffers, while entries go away. */
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { FILES = 300 };

int main(void) {
  char name[32];
  CHECK(mkdir("many", 0755) == 0 && chdir("many") == 0);
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "entry-%03d", i);
    if (i % 3 == 0) mkdir(name, 0755);
    else if (i % 3 == 1) close(open(name, O_WRONLY | O_CREAT, 0644));
    else if (symlink("target", name) != 0) return 2;
  }
  int seen[FILES] = {0}, dots = 0, types = 0, inodes = 0;
  DIR *directory = opendir(".");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.') dots++;
    else {
      int i = atoi(entry->d_name + 6);
      struct stat info;
      seen[i]++;
      types += entry->d_type == (i % 3 == 0 ? DT_DIR : i % 3 == 1 ? DT_REG : DT_LNK);
      inodes += lstat(entry->d_name, &info) == 0 && info.st_ino == entry->d_ino;
    }
  }
  int once = 0;
  for (int i = 0; i < FILES; i++) once += seen[i] == 1;
  SHOW(once);
  SHOW(dots);
  SHOW(types);
  SHOW(inodes);
  rewinddir(directory);
  long first = telldir(directory);
  CHECK(readdir(directory) != NULL);
  seekdir(directory, first);
  int again = 0;
  while (readdir(directory) != NULL) again++;
  SHOW(again);
  closedir(directory);
  /* A buffer for very few entries; every entry that stays is seen even though others are removed meanwhile. */
  int fd = open(".", O_RDONLY | O_DIRECTORY), removed = 0, kept = 0;
  char buffer[120];
  FAILS(syscall(SYS_getdents64, fd, buffer, 10), EINVAL);
  for (long got; (got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
    for (long at = 0; at < got; at += *(unsigned short *)(buffer + at + 16)) {
      char *found = buffer + at + 19;
      if (found[0] == '.') continue;
      int i = atoi(found + 6);
      if (i % 2) removed += unlinkat(AT_FDCWD, found, i % 3 == 0 ? AT_REMOVEDIR : 0) == 0;
      else kept++;
    }
  SHOW(removed);
  SHOW(kept);
  FAILS(syscall(SYS_getdents64, 0, buffer, sizeof buffer), ENOTDIR);
  return check_end();
}
