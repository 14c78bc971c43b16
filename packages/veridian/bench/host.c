/* What the guests of guests.bench.mjs do, on the host's own Linux: host MODE COUNT. One CPU, as the guest has. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 64, PAGE = 4096 };
static int there[2], back[2];

static void *echo(void *unused) {
  char byte;
  while (read(there[0], &byte, 1) == 1)
    if (write(back[1], &byte, 1) != 1) break;
  return unused;
}

static void ping(long count, int threads) {
  char byte = 0;
  pthread_t thread;
  if (pipe(there) != 0 || pipe(back) != 0) exit(1);
  if (threads) pthread_create(&thread, 0, echo, 0);
  else if (fork() == 0) {
    close(there[1]);
    echo(0);
    _exit(0);
  }
  while (count-- > 0)
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) exit(1);
}

static void spawn(long count, char *self) {
  while (count-- > 0) {
    char *arguments[] = {self, "none", "0", 0};
    pid_t child = fork();
    if (child == 0) execv(self, arguments), _exit(127);
    if (waitpid(child, 0, 0) != child) exit(1);
  }
}

static void touch(long count) {
  while (count-- > 0) {
    char *pages = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) exit(1);
    for (int page = 0; page < PAGES; page++) *(volatile long *)(pages + page * PAGE) = page;
    munmap(pages, PAGES * PAGE);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  long count = atol(argv[2]);
  if (strcmp(argv[1], "processes") == 0) ping(count, 0);
  if (strcmp(argv[1], "threads") == 0) ping(count, 1);
  if (strcmp(argv[1], "spawn") == 0) spawn(count, argv[0]);
  if (strcmp(argv[1], "touch") == 0) touch(count);
  return 0;
}
