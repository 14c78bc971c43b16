/* Names: rename in all its cases, links, symbolic links, directories, modes, times, and what outlives its name. */
#include "check.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static void make(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (write(fd, text, strlen(text)) < 0) exit(2);
  close(fd);
}
static int holds(const char *path, const char *text) {
  char content[64] = {0};
  int fd = open(path, O_RDONLY);
  int ok = fd >= 0 && read(fd, content, 63) == (long)strlen(text) && !strcmp(content, text);
  close(fd);
  return ok;
}
static long links(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (long)info.st_nlink : -1;
}

static void renames(void) {
  make("a", "A");
  make("b", "B");
  CHECK(rename("a", "b") == 0 && holds("b", "A") && access("a", F_OK) == -1);
  CHECK(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0 && mkdir("d/sub", 0755) == 0);
  FAILS(rename("b", "d"), EISDIR);
  FAILS(rename("d", "b"), ENOTDIR);
  FAILS(rename("d", "d/sub/x"), EINVAL);
  FAILS(rename("e", "d"), ENOTEMPTY);
  CHECK(rename("d", "e") == 0 && access("e/sub", F_OK) == 0);
  CHECK(rename("b", "b") == 0 && holds("b", "A"));
  FAILS(rename("none", "x"), ENOENT);
  make("c", "C");
  FAILS(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE), EEXIST);
  CHECK(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_EXCHANGE) == 0 && holds("b", "C") && holds("c", "A"));
}

static void links_and_loops(void) {
  char text[64] = {0};
  CHECK(link("b", "hard") == 0 && links("b") == 2);
  FAILS(link("b", "hard"), EEXIST);
  FAILS(link("e", "dir-link"), EPERM);
  CHECK(unlink("b") == 0 && holds("hard", "C") && links("hard") == 1);
  CHECK(symlink("hard", "soft") == 0 && holds("soft", "C") && readlink("soft", text, 63) == 4 && !strcmp(text, "hard"));
  CHECK(readlink("soft", text, 2) == 2);
  FAILS(readlink("hard", text, 63), EINVAL);
  FAILS(open("soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK(symlink("loop", "loop") == 0);
  FAILS(open("loop", O_RDONLY), ELOOP);
  CHECK(symlink("nowhere", "dangling") == 0);
  FAILS(open("dangling", O_RDONLY), ENOENT);
  FAILS(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
  make("dangling", "D");
  CHECK(holds("nowhere", "D"));
  CHECK(symlink("e/sub/..", "back") == 0 && access("back/sub", F_OK) == 0);
  struct stat info;
  CHECK(lstat("soft", &info) == 0 && S_ISLNK(info.st_mode) && info.st_size == 4);
  CHECK(stat("soft", &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 1);
}

static void directories(void) {
  char name[300];
  FAILS(mkdir("e", 0755), EEXIST);
  FAILS(rmdir("e"), ENOTEMPTY);
  FAILS(rmdir("hard"), ENOTDIR);
  FAILS(unlink("e"), EISDIR);
  FAILS(rmdir("e/."), EINVAL);
  CHECK(links("e") == 3 && rmdir("e/sub") == 0 && links("e") == 2 && rmdir("e") == 0);
  memset(name, 'n', 256);
  name[255] = 0;
  CHECK(mkdir(name, 0700) == 0 && rmdir(name) == 0);
  name[255] = 'n';
  name[256] = 0;
  FAILS(mkdir(name, 0700), ENAMETOOLONG);
  CHECK(mkdir("w/", 0700) == 0);
  int fd = open("w", O_RDONLY | O_DIRECTORY), inner;
  CHECK((inner = openat(fd, "in", O_WRONLY | O_CREAT, 0600)) >= 0 && faccessat(fd, "in", F_OK, 0) == 0);
  CHECK(fchdir(fd) == 0 && access("in", F_OK) == 0 && chdir("..") == 0 && unlinkat(fd, "in", 0) == 0);
  CHECK(unlinkat(AT_FDCWD, "w", AT_REMOVEDIR) == 0);
  FAILS(openat(fd, "again", O_WRONLY | O_CREAT, 0600), ENOENT); /* the directory is gone */
  FAILS(openat(inner, "x", O_RDONLY), ENOTDIR);
}

static void metadata(void) {
  struct stat info;
  umask(027);
  close(open("masked", O_WRONLY | O_CREAT, 0666));
  CHECK(stat("masked", &info) == 0 && (info.st_mode & 07777) == 0640);
  CHECK(chmod("masked", 04711) == 0 && stat("masked", &info) == 0 && (info.st_mode & 07777) == 04711);
  struct timespec times[2] = {{1000000000, 123456789}, {1234567890, 987654321}};
  CHECK(utimensat(AT_FDCWD, "masked", times, 0) == 0 && stat("masked", &info) == 0);
  CHECK(info.st_atim.tv_sec == 1000000000 && info.st_mtim.tv_sec == 1234567890 && info.st_mtim.tv_nsec == 987654321);
  times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_OMIT;
  CHECK(utimensat(AT_FDCWD, "masked", times, 0) == 0 && stat("masked", &info) == 0 && info.st_mtim.tv_sec == 1234567890);
  CHECK(info.st_uid == geteuid() && info.st_gid == getegid());
  int fd = open("masked", O_RDWR);
  CHECK(unlink("masked") == 0 && write(fd, "still", 5) == 5 && fstat(fd, &info) == 0);
  CHECK(info.st_nlink == 0 && info.st_size == 5);
  struct statx extended;
  CHECK(statx(AT_FDCWD, "hard", 0, STATX_BASIC_STATS, &extended) == 0 && extended.stx_size == 1 && S_ISREG(extended.stx_mode));
  CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended) == 0 && extended.stx_size == 5);
}

int main(void) {
  renames();
  links_and_loops();
  directories();
  metadata();
  return check_end();
}
