// A child that sends over its channel, descriptor 3, what no Node sends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kChannel = 3 };

// Sends all, as long as the parent reads.
static void Send(const char* text, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(kChannel, text, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) exit(errno == EPIPE ? 32 : 1);
    text += sent;
    size -= (size_t)sent;
  }
}

static void Repeat(const char* text, size_t count) {
  const size_t size = strlen(text);
  const size_t block = 4096 / size * size;
  char bytes[4096];
  for (size_t at = 0; at < block; at += size) memcpy(bytes + at, text, size);
  for (size_t left = count * size; left > 0;) {
    const size_t part = left < block ? left : block;
    Send(bytes, part);
    left -= part;
  }
}

// Sends a message with a descriptor. Returns 0, or an errno.
static int SendDescriptor(const char* text, int fd) {
  struct iovec part = {(void*)text, strlen(text)};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof fd)];
  } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  control.header =
      (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  return sendmsg(kChannel, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

int main(int count, char** arguments) {
  const char* attack = count > 1 ? arguments[1] : "";
  const char* handle = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";
  if (strcmp(attack, "file") == 0) SendDescriptor(handle, open("/dev/null", O_RDONLY));
  if (strcmp(attack, "memory") == 0) SendDescriptor(handle, memfd_create("m", 0));
  if (strcmp(attack, "files") == 0)
    for (int i = 0; i < 2000; i++) SendDescriptor("1\n", open("/dev/null", O_RDONLY));
  if (strcmp(attack, "channel") == 0) SendDescriptor(handle, kChannel);
  if (strcmp(attack, "no JSON") == 0) Repeat("hello\n", 1);
  if (strcmp(attack, "no end") == 0) Repeat("0123456789abcdef", 1 << 26);
  if (strcmp(attack, "half lines") == 0) Repeat("{\"a\":", 1 << 26);
  if (strcmp(attack, "deep") == 0) Repeat("[", 1 << 23);
  if (strcmp(attack, "flood") == 0) Repeat("{\"a\":[1,2,3]}\n", 1 << 20);
  if (strcmp(attack, "handles") == 0) Repeat(handle, 1 << 16);
  if (strcmp(attack, "answers") == 0) Repeat("{\"cmd\":\"NODE_HANDLE_ACK\"}\n", 1 << 16);
  if (strcmp(attack, "names") == 0) Repeat("{\"__proto__\":{\"cmd\":\"NODE_HANDLE_ACK\"},\"toString\":1}\n", 1000);
  if (strcmp(attack, "nothing") == 0) Repeat("\n", 1);
  if (strcmp(attack, "reset") == 0) {
    const struct linger none = {1, 0};
    setsockopt(kChannel, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    shutdown(kChannel, SHUT_RDWR);
  }
  return 0;
}
