/* Pipes: capacity, end of file, broken pipes, non-blocking ends, atomic writes, a chain of processes. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Numbers through `length` processes, each of which adds one. */
static long chain(int length, int count) {
  int in[2], next[2];
  if (pipe(in) != 0) return -1;
  int reader = in[0], writer = in[1];
  for (int i = 0; i < length; i++) {
    if (pipe(next) != 0) return -1;
    if (fork() == 0) {
      close(writer);
      close(next[0]);
      for (int value; read(reader, &value, sizeof value) == sizeof value;) {
        value++;
        if (write(next[1], &value, sizeof value) != sizeof value) _exit(1);
      }
      _exit(0);
    }
    close(reader);
    close(next[1]);
    reader = next[0];
  }
  long sum = 0;
  for (int i = 0; i < count; i++)
    if (write(writer, &i, sizeof i) != sizeof i) return -1;
  close(writer);
  for (int value; read(reader, &value, sizeof value) == sizeof value;) sum += value;
  while (wait(NULL) > 0) {}
  return sum;
}

/* Writers of whole PIPE_BUF-sized records; no record may be torn. */
static long torn_records(void) {
  int ends[2];
  char record[512];
  long torn = 0, got, total = 0;
  if (pipe(ends) != 0) return -1;
  for (int i = 0; i < 4; i++)
    if (fork() == 0) {
      memset(record, 'a' + i, sizeof record);
      for (int n = 0; n < 100; n++)
        if (write(ends[1], record, sizeof record) != sizeof record) _exit(1);
      _exit(0);
    }
  close(ends[1]);
  while (total < 4 * 100 * 512) {
    size_t have = 0;
    while (have < sizeof record && (got = read(ends[0], record + have, sizeof record - have)) > 0) have += (size_t)got;
    for (size_t k = 1; k < sizeof record; k++) torn += record[k] != record[0];
    total += (long)have;
  }
  while (wait(NULL) > 0) {}
  SHOW(total);
  return torn;
}

int main(void) {
  int ends[2], waiting = 0, status;
  char buffer[4096] = {0};
  CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  CHECK(fcntl(ends[0], F_GETFD) == FD_CLOEXEC && (fcntl(ends[0], F_GETFL) & O_NONBLOCK));
  FAILS(read(ends[0], buffer, 1), EAGAIN);
  long filled = 0;
  while (write(ends[1], buffer, sizeof buffer) == sizeof buffer) filled += sizeof buffer;
  CHECK(errno == EAGAIN);
  SHOW(filled);
  CHECK(fcntl(ends[1], F_GETPIPE_SZ) == filled);
  CHECK(ioctl(ends[0], FIONREAD, &waiting) == 0 && waiting == filled);
  CHECK(read(ends[0], buffer, sizeof buffer) == sizeof buffer && write(ends[1], buffer, 10) == 10);
  FAILS(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
  FAILS(pread(ends[0], buffer, 1, 0), ESPIPE);
  FAILS(write(ends[0], buffer, 1), EBADF);
  struct stat info;
  CHECK(fstat(ends[0], &info) == 0 && S_ISFIFO(info.st_mode));
  while (read(ends[0], buffer, sizeof buffer) > 0) {}
  CHECK(errno == EAGAIN);
  close(ends[1]);
  CHECK(read(ends[0], buffer, 1) == 0);
  signal(SIGPIPE, SIG_IGN);
  CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
  FAILS(write(ends[1], "x", 1), EPIPE);
  SHOW(chain(5, 2000));
  SHOW(torn_records());
  /* A named pipe joins two processes that open it on their own. */
  CHECK(mkfifo("fifo", 0600) == 0);
  FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  pid_t child = fork();
  if (child == 0) {
    int fd = open("fifo", O_WRONLY);
    _exit(write(fd, "named", 5) == 5 ? 0 : 1);
  }
  int fd = open("fifo", O_RDONLY);
  CHECK(read(fd, buffer, 5) == 5 && !memcmp(buffer, "named", 5) && read(fd, buffer, 5) == 0);
  waitpid(child, &status, 0);
  SHOW(WEXITSTATUS(status));
  return check_end();
}
