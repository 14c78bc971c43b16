/* A pair of local sockets: both directions, datagram boundaries, shutdown, a descriptor passed between processes. */
#include "check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int send_descriptor(int socket, int fd) {
  char byte = 'f', control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int socket) {
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int fd = -1;
  if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

int main(void) {
  int stream[2], datagram[2], status;
  char text[32] = {0};
  signal(SIGPIPE, SIG_IGN);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram) == 0);
  CHECK(write(stream[0], "ab", 2) == 2 && write(stream[0], "cd", 2) == 2 && read(stream[1], text, 31) == 4);
  CHECK(write(stream[1], "back", 4) == 4 && recv(stream[0], text, 2, MSG_PEEK) == 2 && read(stream[0], text, 31) == 4);
  CHECK(send(datagram[0], "one", 3, 0) == 3 && send(datagram[0], "three", 5, 0) == 5);
  CHECK(recv(datagram[1], text, 31, 0) == 3 && recv(datagram[1], text, 2, 0) == 2);
  FAILS(recv(datagram[1], text, 31, MSG_DONTWAIT), EAGAIN);
  pid_t child = fork();
  if (child == 0) {
    int fd = receive_descriptor(stream[1]);
    _exit(fd >= 0 && write(fd, "by child", 8) == 8 ? 4 : 5);
  }
  int fd = open("file", O_RDWR | O_CREAT, 0600);
  CHECK(send_descriptor(stream[0], fd) == 0);
  waitpid(child, &status, 0);
  SHOW(WEXITSTATUS(status));
  CHECK(pread(fd, text, 8, 0) == 8 && !memcmp(text, "by child", 8));
  CHECK(shutdown(stream[0], SHUT_WR) == 0 && read(stream[1], text, 1) == 0);
  FAILS(write(stream[0], "x", 1), EPIPE);
  CHECK(write(stream[1], "y", 1) == 1 && read(stream[0], text, 1) == 1);
  close(stream[1]);
  CHECK(read(stream[0], text, 1) == 0);
  FAILS(listen(fd, 1), ENOTSOCK);
  return check_end();
}
