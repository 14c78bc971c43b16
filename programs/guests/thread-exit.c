/* The main thread ends by pthread_exit while another lives; the process lasts until exit() from that one. */
#include "check.h"
#include <pthread.h>

static pthread_t first;

static void *last(void *unused) {
  CHECK(pthread_join(first, NULL) == 0);
  puts("main thread is gone");
  exit(11);
  return unused;
}

int main(void) {
  pthread_t thread;
  first = pthread_self();
  pthread_create(&thread, NULL, last, NULL);
  pthread_exit(NULL);
}
