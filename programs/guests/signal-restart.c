/* Which calls a signal interrupts with EINTR and which SA_RESTART starts again. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>

static int ends[2];
static volatile int handled;
static void handler(int signal) { handled += signal == SIGUSR1; }

static void install(int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
}

/* A child that signals us after 20 ms, then after as long again writes a byte and ends with status 9. */
static pid_t disturb(void) {
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    usleep(20000);
    kill(parent, SIGUSR1);
    usleep(20000);
    _exit(write(ends[1], "x", 1) == 1 ? 9 : 8);
  }
  handled = 0;
  return child;
}

/* Waits for the child without being interrupted and takes its byte if nobody has. */
static void settle(pid_t child, int byte_taken) {
  char byte;
  while (waitpid(child, NULL, 0) == -1 && errno == EINTR) {}
  if (!byte_taken && read(ends[0], &byte, 1) != 1) exit(2);
}

int main(void) {
  char byte;
  int status;
  if (pipe(ends) != 0) return 2;
  for (int restart = 0; restart < 2; restart++) {
    install(restart ? SA_RESTART : 0);
    printf("SA_RESTART %d\n", restart);
    pid_t child = disturb();
    long got = read(ends[0], &byte, 1);
    printf("read %ld %s\n", got, got < 0 ? strerrorname_np(errno) : "");
    CHECK(handled == 1);
    settle(child, got == 1);
    child = disturb();
    got = waitpid(child, &status, 0);
    printf("waitpid %s\n", got < 0 ? strerrorname_np(errno) : "restarted");
    settle(child, 0);
    child = disturb();
    struct pollfd watched = {ends[0], POLLIN, 0};
    FAILS(poll(&watched, 1, 1000), EINTR);
    settle(child, 0);
    child = disturb();
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    FAILS(select(ends[0] + 1, &set, NULL, NULL, &(struct timeval){1, 0}), EINTR);
    settle(child, 0);
    child = disturb();
    struct timespec left = {0, 0};
    FAILS(nanosleep(&(struct timespec){1, 0}, &left), EINTR);
    CHECK(left.tv_sec == 0 && left.tv_nsec > 500000000);
    settle(child, 0);
    child = disturb();
    FAILS(pause(), EINTR);
    settle(child, 0);
  }
  /* An ignored signal interrupts nothing, with or without the flag. */
  signal(SIGUSR1, SIG_IGN);
  pid_t child = disturb();
  CHECK(read(ends[0], &byte, 1) == 1);
  settle(child, 1);
  return check_end();
}
