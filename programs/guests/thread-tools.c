/* Barriers, read-write locks, semaphores, once, thread-local storage, key destructors, cancellation. */
#include "check.h"
#include <pthread.h>
#include <semaphore.h>

enum { THREADS = 5, ROUNDS = 40 };
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static __thread long local = 7;
static long rounds[THREADS], shared_value, once_calls, destroyed, uneven;

static void initialise(void) { once_calls++; }
static void destroy(void *value) { __atomic_add_fetch(&destroyed, (long)value, __ATOMIC_SEQ_CST); }

static void *member(void *argument) {
  long me = (long)argument;
  pthread_once(&once, initialise);
  pthread_setspecific(key, (void *)(me + 1));
  for (int i = 0; i < ROUNDS; i++) {
    rounds[me]++;
    local += me;
    pthread_barrier_wait(&barrier);
    for (int k = 0; k < THREADS; k++)
      if (rounds[k] != rounds[me]) __atomic_add_fetch(&uneven, 1, __ATOMIC_SEQ_CST);
    pthread_barrier_wait(&barrier);
    pthread_rwlock_wrlock(&rwlock);
    shared_value++;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
  }
  sem_post(&semaphore);
  return (void *)local;
}

static void *forever(void *unused) {
  sem_post(&semaphore);
  for (;;) pause();
  return unused;
}

int main(void) {
  pthread_t threads[THREADS];
  void *result;
  long locals = 0;
  pthread_key_create(&key, destroy);
  pthread_barrier_init(&barrier, NULL, THREADS);
  sem_init(&semaphore, 0, 0);
  for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, member, (void *)i);
  for (int i = 0; i < THREADS; i++) sem_wait(&semaphore);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], &result), locals += (long)result;
  SHOW(shared_value);
  SHOW(locals);
  SHOW(destroyed);
  CHECK(uneven == 0);
  CHECK(once_calls == 1);
  CHECK(local == 7);
  pthread_create(&threads[0], NULL, forever, NULL);
  sem_wait(&semaphore);
  CHECK(pthread_cancel(threads[0]) == 0);
  CHECK(pthread_join(threads[0], &result) == 0 && result == PTHREAD_CANCELED);
  return check_end();
}
