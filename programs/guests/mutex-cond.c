/* Threads with mutexes and condition variables: a bounded queue between producers and consumers, totals verified. */
#include "check.h"
#include <pthread.h>

enum { PRODUCERS = 4, CONSUMERS = 3, EACH = 3000, ROOM = 8 };

static long queue[ROOM], head, count, produced_left = PRODUCERS;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;

static void *produce(void *argument) {
  long base = (long)argument * EACH;
  for (long i = 0; i < EACH; i++) {
    pthread_mutex_lock(&lock);
    while (count == ROOM) pthread_cond_wait(&not_full, &lock);
    queue[(head + count++) % ROOM] = base + i;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_lock(&lock);
  if (--produced_left == 0) pthread_cond_broadcast(&not_empty);
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void *consume(void *argument) {
  long *sum = argument;
  for (;;) {
    pthread_mutex_lock(&lock);
    while (count == 0 && produced_left > 0) pthread_cond_wait(&not_empty, &lock);
    if (count == 0) break;
    sum[0] += queue[head];
    sum[1]++;
    head = (head + 1) % ROOM;
    count--;
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(void) {
  pthread_t producers[PRODUCERS], consumers[CONSUMERS];
  long sums[CONSUMERS][2] = {0}, total = 0, items = 0, n = PRODUCERS * EACH;
  for (long i = 0; i < CONSUMERS; i++) pthread_create(&consumers[i], NULL, consume, sums[i]);
  for (long i = 0; i < PRODUCERS; i++) pthread_create(&producers[i], NULL, produce, (void *)i);
  for (int i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
  for (int i = 0; i < CONSUMERS; i++) pthread_join(consumers[i], NULL), total += sums[i][0], items += sums[i][1];
  SHOW(items);
  SHOW(total);
  CHECK(total == n * (n - 1) / 2);
  struct timespec past = {0, 0};
  pthread_mutex_lock(&lock);
  CHECK(pthread_cond_timedwait(&not_full, &lock, &past) == ETIMEDOUT);
  CHECK(pthread_mutex_trylock(&lock) == EBUSY);
  return check_end();
}
