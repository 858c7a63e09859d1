// descriptors WAY FD PORT: tries to pass a descriptor to the parent over descriptor FD.
//   linger  a TCP connection to a port whose server reads nothing, and whose last close takes an hour
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

static int lingering(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((uint16_t)atoi(port));
  int connected = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connected, (struct sockaddr *)&address, sizeof address) != 0) exit(3);
  char bytes[65536] = {0};
  while (send(connected, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  struct linger linger = {1, 3600};
  if (setsockopt(connected, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) != 0) exit(3);
  return connected;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  int passed = strcmp(arguments[1], "linger") == 0 ? lingering(arguments[3]) : STDOUT_FILENO;
  char byte = 'x';
  struct iovec data = {&byte, 1};
  char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof passed);
  memcpy(CMSG_DATA(header), &passed, sizeof passed);
  // Once it is passed, the parent has the last one. Otherwise its close would take this process an hour.
  if (sendmsg(atoi(arguments[2]), &message, MSG_NOSIGNAL) < 0) {
    struct linger none = {0, 0};
    setsockopt(passed, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }
  return 0;
}
