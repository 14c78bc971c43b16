/* Calls that no other guest makes, by number: older and newer forms, identities, scheduling, durability. */
#include "check.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static void names(void) {
  struct stat stat;
  struct statfs fs;
  CHECK(CALL(mkdirat, AT_FDCWD, "folder", 0755) == 0);
  int fd = (int)CALL(openat, AT_FDCWD, "folder/file", O_RDWR | O_CREAT, 0644);
  int folder = open("folder", O_RDONLY | O_DIRECTORY);
  CHECK(CALL(linkat, AT_FDCWD, "folder/file", folder, "second", 0) == 0);
  CHECK(CALL(symlinkat, "file", folder, "soft") == 0);
  CHECK(CALL(fchmod, fd, 0640) == 0 && CALL(fchmodat, folder, "file", 0600) == 0);
  CHECK(fstat(fd, &stat) == 0 && (stat.st_mode & 0777) == 0600 && stat.st_nlink == 2);
  CHECK(CALL(fchown, fd, -1, -1) == 0 && CALL(fchownat, folder, "soft", -1, -1, AT_SYMLINK_NOFOLLOW) == 0);
  CHECK(CALL(faccessat, folder, "file", R_OK) == 0);
  CHECK(CALL(renameat2, folder, "second", folder, "third", 0) == 0);
  struct { uint64_t flags, mode, resolve; } how = {O_RDONLY, 0, 0};
  CHECK(CALL(openat2, folder, "third", &how, sizeof how) > fd);
  FAILS(CALL(openat2, folder, "third", &how, 8), EINVAL);
  CHECK(CALL(statfs, "folder", &fs) == 0 && fs.f_bsize > 0 && CALL(fstatfs, fd, &fs) == 0 && fs.f_namelen == 255);
  CHECK(CALL(fallocate, fd, 0, 0, 5000) == 0 && fstat(fd, &stat) == 0 && stat.st_size == 5000);
  CHECK(CALL(fadvise64, fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0 && CALL(readahead, fd, 0, 4096) == 0);
  CHECK(CALL(fsync, fd) == 0 && CALL(fdatasync, fd) == 0 && CALL(syncfs, fd) == 0 && CALL(sync_file_range, fd, 0, 0, 0) == 0);
  sync();
  struct iovec piece = {"abc", 3};
  CHECK(CALL(pwritev2, fd, &piece, 1, 1, 0, 0) == 3);
  char read[4] = "";
  struct iovec into = {read, 3};
  CHECK(CALL(preadv2, fd, &into, 1, 1, 0, 0) == 3 && !strcmp(read, "abc"));
  CHECK(CALL(preadv2, fd, &into, 1, -1L, -1L, 0) == 3);
}

static void identities(void) {
  int uid = (int)getuid(), gid = (int)getgid(), ids[3] = {-1, -1, -1};
  CHECK(CALL(setuid, uid) == 0 && CALL(setgid, gid) == 0 && CALL(setreuid, -1, uid) == 0 && CALL(setregid, gid, -1) == 0);
  CHECK(CALL(setresuid, uid, -1, uid) == 0 && CALL(setresgid, -1, gid, gid) == 0);
  CHECK(CALL(getresuid, ids, ids + 1, ids + 2) == 0 && ids[0] == uid && ids[2] == uid);
  CHECK(CALL(getresgid, ids, ids + 1, ids + 2) == 0 && ids[1] == gid);
  CHECK(CALL(setfsuid, uid) == uid && CALL(setfsgid, gid) == gid);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  CHECK(CALL(capget, &header, data) == 0 && CALL(capset, &header, data) == 0);
  header.version = 1;
  FAILS(CALL(capget, &header, data), EINVAL);
  CHECK(header.version == _LINUX_CAPABILITY_VERSION_3);
  CHECK(CALL(personality, 0xffffffff) == 0);
  CHECK(CALL(unshare, 0) == 0);
}

static void scheduling(void) {
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t rest[5]; } attributes = {0};
  struct sched_param parameter = {0};
  struct timespec slice;
  cpu_set_t cpus;
  unsigned cpu = 99, node = 99;
  CHECK(CALL(sched_getattr, 0, &attributes, 48, 0) == 0 && attributes.policy == SCHED_OTHER);
  CHECK(CALL(sched_setattr, 0, &attributes, 0) == 0);
  CHECK(CALL(sched_getparam, 0, &parameter) == 0 && parameter.sched_priority == 0);
  CHECK(CALL(sched_setparam, 0, &parameter) == 0 && CALL(sched_setscheduler, 0, SCHED_BATCH, &parameter) == 0);
  CHECK(CALL(sched_getscheduler, 0) == SCHED_BATCH);
  CHECK(CALL(sched_get_priority_max, SCHED_FIFO) == 99 && CALL(sched_get_priority_min, SCHED_FIFO) == 1);
  CHECK(CALL(sched_rr_get_interval, 0, &slice) == 0);
  CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0 && sched_setaffinity(0, sizeof cpus, &cpus) == 0);
  CHECK(CALL(getcpu, &cpu, &node, NULL) == 0 && cpu < 1024 && node < 1024);
  CHECK(CALL(setpriority, PRIO_PROCESS, 0, 5) == 0 && CALL(getpriority, PRIO_PROCESS, 0) == 15);
  CHECK((CALL(membarrier, 0, 0, 0) & 1) == 1);
  void *head = NULL;
  size_t bytes = 0;
  CHECK(CALL(get_robust_list, 0, &head, &bytes) == 0 && bytes == 24);
}

static void limits(void) {
  struct rlimit limit;
  CHECK(CALL(getrlimit, RLIMIT_CORE, &limit) == 0);
  limit.rlim_cur = 0;
  CHECK(CALL(setrlimit, RLIMIT_CORE, &limit) == 0 && CALL(getrlimit, RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0);
  char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(CALL(mlock, page, 4096) == 0 && CALL(mlock2, page, 4096, 0) == 0 && CALL(munlock, page, 4096) == 0);
}

static volatile int rung;
static void ring(int signal) { rung = signal; }

static void waiting(void) {
  struct itimerspec setting = {{0, 0}, {100, 0}}, left = {{1, 1}, {1, 1}};
  int timer = timerfd_create(CLOCK_MONOTONIC, 0), epoll = epoll_create1(0);
  CHECK(timerfd_settime(timer, 0, &setting, NULL) == 0 && CALL(timerfd_gettime, timer, &left) == 0);
  CHECK(left.it_value.tv_sec == 99 && left.it_interval.tv_sec == 0);
  struct epoll_event event = {EPOLLIN, {.fd = timer}};
  struct timespec soon = {0, 1000000};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0 && CALL(epoll_pwait2, epoll, &event, 1, &soon, NULL, 8) == 0);
  signal(SIGUSR1, ring);
  CHECK(CALL(tkill, gettid(), SIGUSR1) == 0 && rung == SIGUSR1);
  rung = 0;
  siginfo_t info = {.si_code = SI_QUEUE};
  CHECK(CALL(rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR1, &info) == 0 && rung == SIGUSR1);
  int pair[2], pipes[2], type = 0;
  socklen_t length = sizeof type;
  struct sockaddr_storage address;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipes) == 0);
  CHECK(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM);
  length = sizeof address;
  CHECK(getsockname(pair[0], (struct sockaddr *)&address, &length) == 0 && address.ss_family == AF_UNIX && length == 2);
  length = sizeof address;
  CHECK(getpeername(pair[0], (struct sockaddr *)&address, &length) == 0 && address.ss_family == AF_UNIX);
  CHECK(write(pipes[1], "through", 7) == 7);
  int file = open("spliced", O_RDWR | O_CREAT, 0600);
  CHECK(CALL(splice, pipes[0], NULL, file, NULL, 7, 0) == 7);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    puts("executed by descriptor");
    return 5;
  }
  names();
  identities();
  scheduling();
  limits();
  waiting();
  int status = 0, self = open(getenv("SELF"), O_RDONLY);
  pid_t child = fork();
  if (child == 0) {
    char *arguments[] = {argv[0], "again", NULL}, *environment[] = {NULL};
    CALL(execveat, self, "", arguments, environment, AT_EMPTY_PATH);
    _exit(9);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
  return check_end();
}
