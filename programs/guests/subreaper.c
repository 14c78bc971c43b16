/* A grandchild whose parent ends comes to the nearest subreaper, which waits for it. */
#include "check.h"
#include <sys/prctl.h>
#include <sys/wait.h>

int main(void) {
  int status, codes = 0, set = 0;
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  CHECK(prctl(PR_GET_CHILD_SUBREAPER, &set) == 0 && set == 1);
  pid_t child = fork();
  if (child == 0) _exit(fork() == 0 ? 44 : 3);
  while (wait(&status) > 0) codes += WEXITSTATUS(status);
  SHOW(codes);
  return check_end();
}
