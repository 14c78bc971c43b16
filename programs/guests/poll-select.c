/* poll and select: readiness of pipes and files, hang-up, errors, timeouts, a sleeper woken by a write. */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>

static long elapsed_ms(struct timespec since) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - since.tv_sec) * 1000 + (now.tv_nsec - since.tv_nsec) / 1000000;
}

int main(void) {
  int a[2], b[2];
  char byte = 'x';
  struct timespec start;
  CHECK(pipe(a) == 0 && pipe(b) == 0);
  struct pollfd watch[] = {{a[0], POLLIN, 0}, {b[0], POLLIN, 0}, {a[1], POLLOUT, 0}, {-1, POLLIN, 7}, {999, POLLIN, 0}};
  SHOW(poll(watch, 2, 0));
  SHOW(poll(watch, 5, -1));
  SHOW(watch[2].revents == POLLOUT && watch[3].revents == 0 && watch[4].revents == POLLNVAL);
  CHECK(write(b[1], &byte, 1) == 1 && poll(watch, 2, -1) == 1 && watch[0].revents == 0 && watch[1].revents == POLLIN);
  close(b[1]);
  CHECK(poll(watch, 2, -1) == 1 && watch[1].revents == (POLLIN | POLLHUP));
  CHECK(read(b[0], &byte, 1) == 1 && poll(watch, 2, -1) == 1 && watch[1].revents == POLLHUP);
  close(b[0]);
  CHECK(pipe(b) == 0 && close(b[0]) == 0);
  watch[0] = (struct pollfd){b[1], POLLOUT, 0};
  CHECK(poll(watch, 1, 0) == 1 && watch[0].revents == (POLLOUT | POLLERR));
  int file = open("file", O_RDWR | O_CREAT, 0600);
  watch[0] = (struct pollfd){file, POLLIN | POLLOUT, 0};
  CHECK(poll(watch, 1, 0) == 1 && watch[0].revents == (POLLIN | POLLOUT));
  clock_gettime(CLOCK_MONOTONIC, &start);
  CHECK(poll(NULL, 0, 30) == 0 && elapsed_ms(start) >= 29);
  fd_set reads, writes;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_SET(a[0], &reads);
  FD_SET(a[1], &writes);
  CHECK(select(a[1] + 1, &reads, &writes, NULL, NULL) == 1 && !FD_ISSET(a[0], &reads) && FD_ISSET(a[1], &writes));
  FD_SET(a[0], &reads);
  struct timeval brief = {0, 20000};
  CHECK(select(a[0] + 1, &reads, NULL, NULL, &brief) == 0 && !FD_ISSET(a[0], &reads));
  // Below 64: Linux looks no further than the process's descriptor table, whose smallest size is 64.
  close(63); // whoever started this may have left it open
  FD_SET(63, &reads);
  FAILS(select(64, &reads, NULL, NULL, &brief), EBADF);
  FAILS(select(-1, NULL, NULL, NULL, NULL), EINVAL);
  pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    _exit(write(a[1], "late", 4) == 4 ? 0 : 1);
  }
  watch[0] = (struct pollfd){a[0], POLLIN, 0};
  CHECK(poll(watch, 1, 5000) == 1 && watch[0].revents == POLLIN);
  char late[8] = {0};
  CHECK(read(a[0], late, 8) == 4 && !strcmp(late, "late"));
  waitpid(child, NULL, 0);
  sigset_t mask;
  sigemptyset(&mask);
  CHECK(ppoll(watch, 1, &(struct timespec){0, 1000000}, &mask) == 0);
  FAILS(ppoll(watch, 1, &(struct timespec){0, -1}, NULL), EINVAL);
  return check_end();
}
