/* One thread's fatal signal ends the whole process, whatever the others do. */
#include "check.h"
#include <pthread.h>
#include <signal.h>

static void *spin(void *unused) {
  for (volatile long i = 0;; i++) {}
  return unused;
}
static void *block(void *unused) {
  for (;;) pause();
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, spin, NULL);
  pthread_create(&thread, NULL, block, NULL);
  pthread_create(&thread, NULL, block, NULL);
  puts("about to end");
  pthread_kill(thread, SIGTERM);
  for (;;) pause();
}
