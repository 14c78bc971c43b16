/* epoll with eventfd and timerfd: level and edge, one shot, changes, semaphores, across threads. */
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static int event;

static void *signaller(void *unused) {
  usleep(10000);
  eventfd_write(event, 5);
  return unused;
}

int main(void) {
  struct epoll_event found[4], wanted = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
  eventfd_t value;
  int poller = epoll_create1(EPOLL_CLOEXEC), ends[2];
  event = eventfd(0, EFD_NONBLOCK);
  CHECK(poller >= 0 && event >= 0 && pipe(ends) == 0);
  FAILS(eventfd_read(event, &value), EAGAIN);
  CHECK(epoll_ctl(poller, EPOLL_CTL_ADD, event, &wanted) == 0);
  FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, event, &wanted), EEXIST);
  FAILS(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &wanted), ENOENT);
  FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, 999, &wanted), EBADF);
  FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, poller, &wanted), EINVAL);
  int file = open("file", O_RDWR | O_CREAT, 0600);
  FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, file, &wanted), EPERM);
  CHECK(epoll_wait(poller, found, 4, 0) == 0);
  eventfd_write(event, 3);
  eventfd_write(event, 4);
  CHECK(epoll_wait(poller, found, 4, -1) == 1 && found[0].data.u64 == 0x1122334455667788 && found[0].events == EPOLLIN);
  CHECK(epoll_wait(poller, found, 4, -1) == 1); /* level: still there */
  CHECK(eventfd_read(event, &value) == 0 && value == 7 && epoll_wait(poller, found, 4, 0) == 0);
  /* Edge: told once for each arrival. */
  wanted = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.fd = ends[0]};
  CHECK(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &wanted) == 0);
  CHECK(write(ends[1], "abc", 3) == 3 && epoll_wait(poller, found, 4, 0) == 1 && epoll_wait(poller, found, 4, 0) == 0);
  CHECK(write(ends[1], "d", 1) == 1 && epoll_wait(poller, found, 4, 0) == 1);
  wanted.events = EPOLLIN | EPOLLONESHOT;
  CHECK(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &wanted) == 0);
  CHECK(epoll_wait(poller, found, 4, 0) == 1 && epoll_wait(poller, found, 4, 0) == 0);
  CHECK(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &wanted) == 0 && epoll_wait(poller, found, 4, 0) == 1);
  close(ends[1]);
  wanted.events = EPOLLIN;
  CHECK(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &wanted) == 0);
  CHECK(epoll_wait(poller, found, 4, 0) == 1 && found[0].events == (EPOLLIN | EPOLLHUP));
  CHECK(close(ends[0]) == 0 && epoll_wait(poller, found, 4, 0) == 0); /* closing removes it */
  pthread_t thread;
  pthread_create(&thread, NULL, signaller, NULL);
  CHECK(epoll_wait(poller, found, 4, 5000) == 1 && eventfd_read(event, &value) == 0 && value == 5);
  pthread_join(thread, NULL);
  CHECK(epoll_ctl(poller, EPOLL_CTL_DEL, event, NULL) == 0);
  int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  CHECK(eventfd_read(semaphore, &value) == 0 && value == 1 && eventfd_read(semaphore, &value) == 0);
  FAILS(eventfd_read(semaphore, &value), EAGAIN);
  eventfd_write(semaphore, 0xfffffffffffffffe);
  FAILS(eventfd_write(semaphore, 1), EAGAIN);
  FAILS(write(semaphore, &value, 4), EINVAL);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec soon = {{0, 5000000}, {0, 5000000}};
  wanted = (struct epoll_event){.events = EPOLLIN, .data.fd = timer};
  uint64_t expirations = 0;
  CHECK(timerfd_settime(timer, 0, &soon, NULL) == 0 && epoll_ctl(poller, EPOLL_CTL_ADD, timer, &wanted) == 0);
  CHECK(epoll_wait(poller, found, 4, 5000) == 1 && found[0].data.fd == timer);
  CHECK(read(timer, &expirations, 8) == 8 && expirations >= 1);
  FAILS(epoll_wait(poller, found, 0, 0), EINVAL);
  FAILS(epoll_wait(event, found, 4, 0), EINVAL);
  return check_end();
}
