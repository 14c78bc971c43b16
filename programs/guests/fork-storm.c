/* Fork and wait storms: many children at once, a tree of them, all statuses and all output accounted for. */
#include "check.h"
#include <sys/wait.h>

/* A process that forks `width` children of depth - 1 and returns how many processes its subtree has. */
static int tree(int depth, int width) {
  int total = 1;
  for (int i = 0; depth > 0 && i < width; i++) {
    pid_t child = fork();
    if (child == 0) _exit(tree(depth - 1, width));
    int status;
    if (waitpid(child, &status, 0) == child && WIFEXITED(status)) total += WEXITSTATUS(status);
  }
  return total;
}

int main(void) {
  long forked = 0, statuses = 0, reaped = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 20; i++) {
      pid_t child = fork();
      if (child == 0) _exit(i + round);
      forked += child > 0;
    }
    int status;
    while (wait(&status) > 0) reaped++, statuses += WEXITSTATUS(status);
    CHECK(errno == ECHILD);
  }
  SHOW(forked);
  SHOW(reaped);
  SHOW(statuses);
  SHOW(tree(3, 4));
  for (int i = 0; i < 3; i++) {
    pid_t child = fork();
    if (child == 0) {
      printf("child %d\n", i);
      exit(0);
    }
    waitpid(child, NULL, 0);
  }
  return check_end();
}
