/* Record locks and flock between processes: conflicts, who holds, release by close and by death. */
#include "check.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

static int lock(int fd, int command, short type, off_t start, off_t length, struct flock *out) {
  struct flock wanted = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  int result = fcntl(fd, command, &wanted);
  if (out != NULL) *out = wanted;
  return result;
}

/* What a child finds: bit 0 write lock on [0,10) refused, bit 1 on [20,30) granted, bit 2 the holder is our parent. */
static int probe(void) {
  struct flock found;
  int fd = open("file", O_RDWR);
  int refused = lock(fd, F_SETLK, F_WRLCK, 0, 10, NULL) == -1 && (errno == EAGAIN || errno == EACCES);
  int granted = lock(fd, F_SETLK, F_WRLCK, 20, 10, NULL) == 0;
  lock(fd, F_GETLK, F_WRLCK, 0, 10, &found);
  return refused | granted << 1 | (found.l_type == F_WRLCK && found.l_pid == getppid()) << 2;
}

static int in_child(int (*work)(void)) {
  int status;
  pid_t child = fork();
  if (child == 0) _exit(work());
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

static int probe_flock(void) {
  int fd = open("file", O_RDWR);
  return flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
}

int main(void) {
  int fd = open("file", O_RDWR | O_CREAT, 0600);
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 15, NULL) == 0);
  SHOW(in_child(probe));
  CHECK(lock(fd, F_SETLK, F_UNLCK, 0, 10, NULL) == 0);
  SHOW(in_child(probe)); /* the rest, [10,15), is still locked */
  int other = open("file", O_RDWR);
  close(other); /* closing any descriptor of the file drops the process's locks */
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0, NULL) == 0);
  pid_t child = fork();
  if (child == 0) {
    lock(fd, F_SETLKW, F_WRLCK, 0, 0, NULL); /* waits for the parent */
    _exit(8);
  }
  usleep(10000);
  CHECK(lock(fd, F_SETLK, F_UNLCK, 0, 0, NULL) == 0);
  int status;
  waitpid(child, &status, 0);
  SHOW(WEXITSTATUS(status));
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0, NULL) == 0); /* released by the child's death */
  CHECK(flock(fd, LOCK_EX) == 0);
  SHOW(in_child(probe_flock));
  CHECK(flock(fd, LOCK_UN) == 0);
  SHOW(in_child(probe_flock));
  return check_end();
}
