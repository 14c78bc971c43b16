/*
 * Threads that run at the very moment in which another changes their memory, stops, kills or replaces them. Nothing here
 * depends on how many CPUs there are; with several, every case finds its victims running.
 */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum { PAGE = 4096, ROUNDS = 20000, FORKS = 5 };

/* Shared with children: counters that spinning threads count. */
static volatile long *counters;

static void nap(long ms) {
  struct timespec time = {.tv_nsec = ms * 1000000};
  nanosleep(&time, NULL);
}

/* Waits until somebody else has counted on. */
static void await_count(int index) {
  long before = counters[index];
  while (counters[index] == before) sched_yield();
}

static void *spin(void *argument) {
  volatile long *counter = &counters[(long)argument];
  for (;;) (*counter)++;
  return NULL;
}

static void start_spinners(void) {
  pthread_t thread;
  for (long i = 0; i < 2; i++) pthread_create(&thread, NULL, spin, (void *)i);
  for (int i = 0; i < 2; i++) await_count(i);
}

/* Additions: atomic ones, and plain ones under a lock made of compare-and-exchange. */
static long atomic_total, locked_total;
static int lock_word;

static void *adder(void *unused) {
  for (int i = 0; i < ROUNDS; i++) {
    __atomic_fetch_add(&atomic_total, 3, __ATOMIC_RELAXED);
    for (int free = 0; !__atomic_compare_exchange_n(&lock_word, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED); free = 0)
      sched_yield();
    locked_total++;
    __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
  }
  return unused;
}

static void additions(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, adder, NULL);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  CHECK(atomic_total == 3 * 3 * ROUNDS);
  CHECK(locked_total == 3 * ROUNDS);
}

/* A thread that writes to a page until it may not. */
static volatile uint64_t *page;
static volatile int faulted;
static __thread sigjmp_buf back;

static void on_fault(int signal) {
  (void)signal;
  siglongjmp(back, 1);
}

static void *writer(void *unused) {
  if (sigsetjmp(back, 1) == 0)
    for (;;) page[0]++;
  faulted = 1;
  return unused;
}

static void lose_page(int (*take)(void *, size_t), const char *how) {
  pthread_t thread;
  page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  faulted = 0;
  pthread_create(&thread, NULL, writer, NULL);
  while (page[0] == 0) sched_yield();
  CHECK(take((void *)page, PAGE) == 0);
  pthread_join(thread, NULL);
  printf("%s: faulted %d\n", how, faulted);
}

static int to_read_only(void *at, size_t bytes) {
  if (mprotect(at, bytes, PROT_READ) != 0) return -1;
  uint64_t last = page[0];
  nap(2);
  return page[0] == last ? 0 : -1;
}

static void pages(void) {
  struct sigaction action = {.sa_handler = on_fault};
  sigaction(SIGSEGV, &action, NULL);
  lose_page(munmap, "munmap");
  lose_page(to_read_only, "mprotect");
  signal(SIGSEGV, SIG_DFL);
}

/* Forks while another thread writes: the child has one moment of it, and nothing after. */
static volatile uint64_t moment[2];
static volatile int enough;

static void *pair_writer(void *unused) {
  for (uint64_t i = 1; !enough; i++) {
    moment[0] = i;
    moment[1] = i;
  }
  return unused;
}

static void forks(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, pair_writer, NULL);
  while (moment[1] == 0) sched_yield();
  int good = 0;
  for (int i = 0; i < FORKS; i++) {
    uint64_t before = moment[1];
    pid_t child = fork();
    if (child == 0) {
      uint64_t first = moment[0], second = moment[1];
      nap(1);
      _exit(first == moment[0] && second == moment[1] && first - second <= 1 && second >= before ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  enough = 1;
  pthread_join(thread, NULL);
  CHECK(good == FORKS);
}

/* Children whose threads spin, and what becomes of them. */
static pid_t spinning_child(void) {
  pid_t child = fork();
  if (child != 0) return child;
  start_spinners();
  for (;;) pause();
}

static void killed(void) {
  int status;
  pid_t child = spinning_child();
  await_count(0);
  await_count(1);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  long last = counters[0] + counters[1];
  nap(2);
  CHECK(counters[0] + counters[1] == last);
}

static void stopped(void) {
  int status;
  pid_t child = spinning_child();
  await_count(0);
  await_count(1);
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  long last = counters[0] + counters[1];
  nap(2);
  CHECK(counters[0] + counters[1] == last);
  kill(child, SIGCONT);
  await_count(0);
  await_count(1);
  kill(child, SIGTERM);
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void exited(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    start_spinners();
    exit(7);
  }
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void *replace(void *path) {
  execl(path, path, "replaced", NULL);
  _exit(1);
}

static void executed(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    start_spinners();
    pthread_create(&thread, NULL, replace, getenv("SELF"));
    for (;;) counters[2]++;
  }
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

/* A handler runs in a thread that makes no system call. */
static volatile int seen;
static void on_signal(int signal) { seen = signal; }

static void *wait_for_signal(void *unused) {
  while (seen == 0) counters[3]++;
  return unused;
}

static void signalled(void) {
  pthread_t thread;
  signal(SIGUSR1, on_signal);
  pthread_create(&thread, NULL, wait_for_signal, NULL);
  await_count(3);
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  CHECK(seen == SIGUSR1);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "replaced") == 0) return 9;
  counters = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  additions();
  pages();
  forks();
  killed();
  stopped();
  exited();
  executed();
  signalled();
  return check_end();
}
