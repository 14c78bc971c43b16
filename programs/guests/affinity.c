/* sched_setaffinity, sched_getaffinity and getcpu: a thread runs where it may, from the moment the call returns. Nothing here
 * depends on the number of CPUs: what needs two is done with two if they are there. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int last_cpu;

static int where(void) {
  unsigned cpu = 99, node = 99;
  if (syscall(SYS_getcpu, &cpu, &node, NULL) != 0 || node != 0) return -1;
  return (int)cpu;
}

static int pin(pid_t tid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(tid, sizeof set, &set);
}

static int is_pinned(pid_t tid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(tid, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set);
}

/* Computes for a while. */
static void work(void) {
  for (volatile int i = 0; i < 200000; i++) continue;
}

/* Pinned to each CPU in turn, it is there, and stays there while it works and waits. */
static void *wander(void *unused) {
  (void)unused;
  for (int round = 0; round < 20; round++) {
    int cpu = round % (last_cpu + 1);
    if (pin(0, cpu) != 0 || where() != cpu) return "not moved";
    work();
    if (where() != cpu) return "moved while it computed";
    usleep(100);
    if (where() != cpu) return "moved while it slept";
    sched_yield();
    if (where() != cpu) return "moved as it yielded";
  }
  return NULL;
}

struct spinner {
  pid_t tid;
  int at; /* where it was seen last */
  int stop;
};

static void *spin(void *argument) {
  struct spinner *me = argument;
  __atomic_store_n(&me->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(&me->stop, __ATOMIC_SEQ_CST)) {
    __atomic_store_n(&me->at, where(), __ATOMIC_SEQ_CST);
    work();
  }
  return NULL;
}

/* Another thread, which runs, is sent from CPU to CPU. */
static int herds(void) {
  struct spinner sheep = {0};
  pthread_t thread;
  if (pthread_create(&thread, NULL, spin, &sheep) != 0) return 0;
  while (__atomic_load_n(&sheep.tid, __ATOMIC_SEQ_CST) == 0) sched_yield();
  int ok = 1;
  for (int round = 0; round < 10 && ok; round++) {
    int cpu = round % (last_cpu + 1);
    ok = pin(sheep.tid, cpu) == 0 && is_pinned(sheep.tid, cpu);
    __atomic_store_n(&sheep.at, -1, __ATOMIC_SEQ_CST);
    for (int seen = 0; seen < 3; seen++) {
      while (__atomic_load_n(&sheep.at, __ATOMIC_SEQ_CST) == -1) usleep(100);
      /* The first report may be from before it was moved. */
      ok = ok && (seen == 0 || sheep.at == cpu);
      __atomic_store_n(&sheep.at, -1, __ATOMIC_SEQ_CST);
    }
  }
  __atomic_store_n(&sheep.stop, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  return ok;
}

static void *inherits(void *cpu) { return is_pinned(0, (int)(intptr_t)cpu) && where() == (int)(intptr_t)cpu ? NULL : "no"; }

static int child_inherits(int cpu) {
  pid_t child = fork();
  if (child == 0) _exit(is_pinned(0, cpu) && where() == cpu ? 7 : 1);
  int status;
  return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7;
}

int main(void) {
  cpu_set_t all, none, beyond;
  CPU_ZERO(&all);
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  CHECK(CPU_COUNT(&all) >= 1);
  while (CPU_ISSET(last_cpu + 1, &all)) last_cpu++;
  CHECK(CPU_ISSET(where(), &all));

  CPU_ZERO(&none);
  FAILS(sched_setaffinity(0, sizeof none, &none), EINVAL);
  FAILS(sched_setaffinity(0, 0, &none), EINVAL);
  CPU_ZERO(&beyond);
  CPU_SET(1000, &beyond);
  FAILS(sched_setaffinity(0, sizeof beyond, &beyond), EINVAL);
  FAILS(sched_setaffinity(0, sizeof all, (cpu_set_t *)8), EFAULT);
  FAILS(sched_setaffinity(999999, sizeof all, &all), ESRCH);
  FAILS(sched_getaffinity(999999, sizeof all, &all), ESRCH);
  FAILS(sched_getaffinity(0, 4, &all), EINVAL);
  FAILS(sched_getaffinity(0, 0, &all), EINVAL);
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);

  pthread_t threads[3];
  int moved = 0;
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, wander, NULL);
  for (int i = 0; i < 3; i++) {
    void *problem;
    pthread_join(threads[i], &problem);
    if (problem != NULL) puts(problem);
    moved += problem == NULL;
  }
  CHECK(moved == 3);
  CHECK(herds());

  CHECK(pin(0, last_cpu) == 0);
  CHECK(is_pinned(0, last_cpu) && where() == last_cpu);
  void *problem = "none";
  pthread_create(&threads[0], NULL, inherits, (void *)(intptr_t)last_cpu);
  pthread_join(threads[0], &problem);
  CHECK(problem == NULL);
  CHECK(child_inherits(last_cpu));

  struct sched_param param = {0};
  CHECK(sched_setscheduler(0, SCHED_BATCH, &param) == 0);
  CHECK(is_pinned(0, last_cpu));
  CPU_OR(&beyond, &beyond, &all);
  CHECK(sched_setaffinity(0, sizeof beyond, &beyond) == 0);
  CHECK(sched_getaffinity(0, sizeof none, &none) == 0 && CPU_EQUAL(&none, &all));
  return check_end();
}
