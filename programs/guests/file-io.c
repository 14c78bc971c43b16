/* Reading and writing: open flags, positions, append, truncation, vectors, holes, duplicates, copies. */
#include "check.h"
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void flags(void) {
  FAILS(open("absent", O_RDONLY), ENOENT);
  FAILS(open("absent/x", O_WRONLY | O_CREAT, 0600), ENOENT);
  int fd = open("one", O_WRONLY | O_CREAT | O_EXCL, 0640);
  CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
  FAILS(open("one", O_WRONLY | O_CREAT | O_EXCL, 0640), EEXIST);
  FAILS(read(fd, (char[1]){0}, 1), EBADF);
  FAILS(open("one", O_RDONLY | O_DIRECTORY), ENOTDIR);
  FAILS(open(".", O_WRONLY), EISDIR);
  FAILS(open("one/x", O_RDONLY), ENOTDIR);
  FAILS(open("", O_RDONLY), ENOENT);
  CHECK(fcntl(fd, F_GETFL) == (O_WRONLY | (fcntl(fd, F_GETFL) & ~O_ACCMODE)));
  close(fd);
  FAILS(write(fd, "x", 1), EBADF);
  fd = open("one", O_WRONLY | O_APPEND);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "ab", 2) == 2 && lseek(fd, 0, SEEK_CUR) == 12);
  CHECK(fcntl(fd, F_SETFL, 0) == 0 && pwrite(fd, "Z", 1, 0) == 1 && lseek(fd, 0, SEEK_CUR) == 12);
  close(fd);
  fd = open("one", O_RDWR | O_TRUNC);
  struct stat info;
  CHECK(fstat(fd, &info) == 0 && info.st_size == 0);
  close(fd);
}

static void positions(void) {
  char text[32] = {0};
  int fd = open("two", O_RDWR | O_CREAT, 0600), copy;
  struct stat info;
  CHECK(write(fd, "hello world", 11) == 11);
  CHECK(lseek(fd, -5, SEEK_END) == 6 && read(fd, text, 31) == 5 && !strcmp(text, "world"));
  CHECK(read(fd, text, 31) == 0);
  FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
  FAILS(lseek(fd, 0, 99), EINVAL);
  CHECK(pread(fd, text, 5, 0) == 5 && !memcmp(text, "hello", 5));
  CHECK((copy = dup(fd)) >= 0 && lseek(copy, 3, SEEK_SET) == 3 && lseek(fd, 0, SEEK_CUR) == 3);
  CHECK(fcntl(fd, F_DUPFD, 50) == 50 && dup2(fd, 51) == 51 && close(50) == 0 && lseek(51, 0, SEEK_CUR) == 3);
  CHECK(lseek(fd, 10000, SEEK_SET) == 10000 && write(fd, "end", 3) == 3);
  CHECK(fstat(fd, &info) == 0 && info.st_size == 10003 && info.st_blksize > 0);
  memset(text, 'x', sizeof text);
  CHECK(pread(fd, text, 4, 5000) == 4 && !memcmp(text, "\0\0\0\0", 4));
  CHECK(ftruncate(fd, 4) == 0 && ftruncate(fd, 20) == 0 && pread(fd, text, 8, 0) == 8 && !memcmp(text, "hell\0\0\0\0", 8));
  FAILS(ftruncate(fd, -1), EINVAL);
  CHECK(truncate("two", 2) == 0 && pread(fd, text, 8, 0) == 2);
  FAILS(pread(fd, text, 1, -1), EINVAL);
}

static void vectors(void) {
  char a[4] = {0}, b[8] = {0};
  int fd = open("three", O_RDWR | O_CREAT, 0600), other = open("four", O_RDWR | O_CREAT, 0600);
  struct iovec out[] = {{"abc", 3}, {"", 0}, {"defgh", 5}}, in[] = {{a, 3}, {b, 8}};
  CHECK(writev(fd, out, 3) == 8);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, in, 2) == 8 && !strcmp(a, "abc") && !strcmp(b, "defgh"));
  CHECK(pwritev(fd, out, 1, 8) == 3 && preadv(fd, in, 1, 8) == 3);
  volatile int wrong = -1, many = 5000;
  FAILS(writev(fd, out, wrong), EINVAL);
  FAILS(writev(fd, out, many), EINVAL);
  off_t from = 2;
  CHECK(sendfile(other, fd, &from, 4) == 4 && from == 6 && lseek(other, 0, SEEK_CUR) == 4);
  from = 0;
  CHECK(copy_file_range(fd, &from, other, NULL, 100, 0) == 11 && from == 11 && lseek(other, 0, SEEK_CUR) == 15);
  char all[16] = {0};
  CHECK(pread(other, all, 15, 0) == 15);
  puts(all);
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
}

int main(void) {
  flags();
  positions();
  vectors();
  return check_end();
}
