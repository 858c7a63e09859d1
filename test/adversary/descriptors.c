// descriptors WAY FD: tries to pass a descriptor to the parent over descriptor FD, and prints to stderr what the kernel says.
//   linger  a TCP connection with unread data, whose last close takes an hour
//   own     this process's stdout
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int lingering(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  int connected = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 1) != 0 ||
      getsockname(listening, (struct sockaddr *)&address, &size) != 0 ||
      connect(connected, (struct sockaddr *)&address, sizeof address) != 0) {
    exit(3);
  }
  int accepted = accept(listening, NULL, NULL);
  // Nobody reads what fills the connection, as long as a process has the accepted end.
  if (fork() == 0) {
    signal(SIGTERM, SIG_IGN);
    for (int i = 0; i < 3; i++) close(i);
    close(connected);
    sleep(3600);
    _exit(0);
  }
  close(accepted);
  char bytes[65536] = {0};
  while (send(connected, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  struct linger linger = {1, 3600};
  setsockopt(connected, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  return connected;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  int passed = strcmp(arguments[1], "linger") == 0 ? lingering() : STDOUT_FILENO;
  char byte = 'x';
  struct iovec data = {&byte, 1};
  char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  memcpy(CMSG_DATA(header), &passed, sizeof passed);
  long sent = sendmsg(atoi(arguments[2]), &message, 0);
  fprintf(stderr, "%s\n", sent < 0 ? strerror(errno) : "passed");
  return 0;
}
