/* posix_spawn and vfork of this very program: the parent waits for the exec, file actions and attributes hold. */
#include "check.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static int run(posix_spawn_file_actions_t *actions, char *const arguments[]) {
  pid_t child;
  int status;
  int error = posix_spawn(&child, arguments[0], actions, NULL, arguments, environ);
  if (error != 0) return -error;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  if (argc > 2) {
    printf("spawned %s %s\n", argv[1], argv[2]);
    return atoi(argv[2]);
  }
  char *self = getenv("SELF");
  char *first[] = {self, "plain", "4", NULL}, *second[] = {self, "to-file", "5", NULL}, *none[] = {"./none", NULL};
  SHOW(run(NULL, first));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "captured", O_WRONLY | O_CREAT, 0600);
  SHOW(run(&actions, second));
  char text[64] = {0};
  int fd = open("captured", O_RDONLY);
  CHECK(read(fd, text, sizeof text - 1) > 0);
  printf("captured: %s", text);
  CHECK(run(NULL, none) == -ENOENT);
  volatile int seen = 0;
  int status;
  pid_t child = vfork();
  if (child == 0) {
    seen = 1; /* the parent's memory */
    execl(self, self, "vforked", "6", NULL);
    _exit(99);
  }
  waitpid(child, &status, 0);
  CHECK(seen == 1);
  SHOW(WEXITSTATUS(status));
  SHOW(system(NULL) >= 0);
  return check_end();
}
