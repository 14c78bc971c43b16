/* The futex call itself: value mismatch, timeouts, wake counts, requeue, bitsets, across processes, bad addresses. */
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static uint32_t word, other;
static long woken;

static long futex(uint32_t *at, int op, uint32_t value, const struct timespec *timeout, uint32_t *second, uint32_t third) {
  return syscall(SYS_futex, at, op, value, timeout, second, third);
}

static void *sleeper(void *argument) {
  futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (uint32_t)(long)argument);
  __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

/* Wakes until `wanted` threads in all were woken; each may reach its wait late. */
static long wake_until(int op, uint32_t bits, long wanted) {
  long total = 0;
  while (total < wanted) {
    long got = futex(&word, op, 1, NULL, NULL, bits);
    total += got;
    if (got == 0) usleep(500);
  }
  return total;
}

static void requeue(void) {
  pthread_t threads[3];
  woken = 0;
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, sleeper, (void *)-1L);
  long moved = 0;
  while (moved < 3) {
    long got = futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)3L, &other, 0);
    if (got > 0) moved += got;
    else usleep(500);
  }
  SHOW(moved);
  CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 0);
  CHECK(futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 3);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  FAILS(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)3L, &other, 77), EAGAIN);
}

static void across_processes(void) {
  uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    while (__atomic_load_n(shared, __ATOMIC_ACQUIRE) == 0) futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0);
    _exit((int)*shared);
  }
  usleep(5000);
  __atomic_store_n(shared, 23, __ATOMIC_RELEASE);
  futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0);
  int status;
  waitpid(child, &status, 0);
  SHOW(WEXITSTATUS(status));
}

int main(void) {
  struct timespec brief = {0, 2000000}, wrong = {0, 1000000000};
  FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), EAGAIN);
  FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &brief, NULL, 0), ETIMEDOUT);
  FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 0, &wrong, NULL, 0), EINVAL);
  FAILS(futex((void *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINVAL);
  FAILS(futex((void *)8, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
  CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0) == 0);
  pthread_t low, high;
  pthread_create(&low, NULL, sleeper, (void *)1L);
  pthread_create(&high, NULL, sleeper, (void *)2L);
  CHECK(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4) == 0);
  CHECK(wake_until(FUTEX_WAKE_BITSET_PRIVATE, 2, 1) == 1);
  pthread_join(high, NULL);
  CHECK(woken == 1);
  CHECK(wake_until(FUTEX_WAKE_BITSET_PRIVATE, 1, 1) == 1);
  pthread_join(low, NULL);
  requeue();
  across_processes();
  return check_end();
}
