/* Signals and threads: directed ones reach their thread, process ones a thread that lets them, frames stay apart. */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>

enum { THREADS = 4, SHOTS = 12 };
static __thread volatile long mine;
static long got[THREADS];
static volatile long process_wide;
static sem_t ready, done;
static pthread_t process_target;

static void count(int signal) {
  if (signal == SIGUSR1) mine++;
  else if (pthread_equal(pthread_self(), process_target)) process_wide++;
}

static void *target(void *argument) {
  long me = (long)argument;
  uint64_t hash = CHECK_SEED;
  sem_post(&ready);
  for (uint64_t i = 0; mine < SHOTS; i++) {
    hash = check_mix(hash, i);
    __atomic_store_n(&got[me], mine, __ATOMIC_RELEASE);
  }
  __atomic_store_n(&got[me], mine, __ATOMIC_RELEASE);
  return (void *)(long)(hash != 0);
}

static void *receiver(void *unused) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  sem_post(&ready);
  while (sem_wait(&done) != 0) {}
  return unused;
}

static void *waiter(void *argument) {
  int number;
  sigwait(argument, &number);
  return (void *)(long)number;
}

int main(void) {
  pthread_t threads[THREADS], other;
  sigset_t set;
  struct sigaction action = {.sa_handler = count};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  sem_init(&ready, 0, 0);
  sem_init(&done, 0, 0);
  for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, target, (void *)i);
  for (int i = 0; i < THREADS; i++) sem_wait(&ready);
  for (int shot = 1; shot <= SHOTS; shot++)
    for (int i = 0; i < THREADS; i++) {
      pthread_kill(threads[i], SIGUSR1);
      while (__atomic_load_n(&got[i], __ATOMIC_ACQUIRE) < shot) sched_yield();
    }
  long total = 0;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL), total += got[i];
  SHOW(total);
  CHECK(mine == 0);
  pthread_create(&process_target, NULL, receiver, NULL);
  sem_wait(&ready);
  kill(getpid(), SIGUSR2);
  while (__atomic_load_n(&process_wide, __ATOMIC_ACQUIRE) == 0) usleep(500);
  SHOW(process_wide);
  sem_post(&done);
  pthread_join(process_target, NULL);
  void *number;
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_create(&other, NULL, waiter, &set);
  kill(getpid(), SIGTERM);
  pthread_join(other, &number);
  CHECK((long)number == SIGTERM);
  CHECK(pthread_kill(pthread_self(), 0) == 0);
  return check_end();
}
