/* Hundreds of threads made and ended: joined and detached; stacks are reused and results come back. */
#include "check.h"
#include <pthread.h>

static long detached_done;

static void *square(void *argument) { return (void *)((long)argument * (long)argument); }
static void *detached(void *argument) {
  __atomic_add_fetch(&detached_done, (long)argument, __ATOMIC_RELEASE);
  return NULL;
}

int main(void) {
  long sum = 0;
  for (long round = 0; round < 25; round++) {
    pthread_t threads[16];
    for (long i = 0; i < 16; i++)
      if (pthread_create(&threads[i], NULL, square, (void *)(round * 16 + i)) != 0) return puts("create failed"), 2;
    for (int i = 0; i < 16; i++) {
      void *result;
      pthread_join(threads[i], &result);
      sum += (long)result;
    }
  }
  SHOW(sum);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < 100; i++) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, detached, (void *)1L) != 0) return puts("create failed"), 2;
  }
  while (__atomic_load_n(&detached_done, __ATOMIC_ACQUIRE) < 100) usleep(1000);
  SHOW(detached_done);
  return check_end();
}
