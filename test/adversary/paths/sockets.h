/* Attacks by sockets beside files, and by io_uring, whose requests no filter sees. */
#pragma once

#include <linux/io_uring.h>
#include <sys/mman.h>

#include "files.h"

static long connect_to(int descriptor, const char* path) {
  struct sockaddr_un to = address(path);
  return descriptor < 0 ? -1 : connect(descriptor, (void*)&to, sizeof to);
}

static long send_to(int descriptor, const char* path) {
  struct sockaddr_un to = address(path);
  return descriptor < 0 ? -1 : sendto(descriptor, "x", 1, MSG_DONTWAIT, (void*)&to, sizeof to);
}

static long send_message(int descriptor, const char* path) {
  struct sockaddr_un to = address(path);
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &data, .msg_iovlen = 1};
  return descriptor < 0 ? -1 : sendmsg(descriptor, &message, MSG_DONTWAIT);
}

/* One call for many messages. */
static long send_messages(int descriptor, const char* path) {
  struct sockaddr_un to = address(path);
  struct iovec data = {"x", 1};
  struct mmsghdr message = {{.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &data, .msg_iovlen = 1}, 0};
  return descriptor < 0 ? -1 : sendmmsg(descriptor, &message, 1, MSG_DONTWAIT);
}

static int half_of_pair(int type) {
  int pair[2];
  return socketpair(AF_UNIX, type, 0, pair) ? -1 : pair[0];
}

static int datagrams(void) { return socket(AF_UNIX, SOCK_DGRAM, 0); }

static long connect_stream(void) { return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "sockets/stream"); }
static long connect_packets(void) { return connect_to(socket(AF_UNIX, SOCK_SEQPACKET, 0), "sockets/packets"); }
static long connect_datagrams(void) { return connect_to(datagrams(), "sockets/datagrams"); }
static long sendto_socket(void) { return send_to(datagrams(), "sockets/datagrams"); }
static long sendmsg_socket(void) { return send_message(datagrams(), "sockets/datagrams"); }
static long sendmmsg_socket(void) { return send_messages(datagrams(), "sockets/datagrams"); }
static long reconnect_pair(void) { return connect_to(half_of_pair(SOCK_DGRAM), "sockets/datagrams"); }
static long sendto_from_pair(void) { return send_to(half_of_pair(SOCK_DGRAM | SOCK_CLOEXEC), "sockets/datagrams"); }
static long sendmsg_from_pair(void) { return send_message(half_of_pair(SOCK_RAW), "sockets/datagrams"); }
static long connect_from_cwd(void) {
  return chdir("sockets") ? -1 : connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "stream");
}
static long connect_by_own_link(void) {
  return symlink("../sockets/stream", "write/to") ? -1 : connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "write/to");
}
static long connect_by_descriptor(void) {
  int file = open("sockets/stream", O_PATH);
  return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), of_descriptor("/proc/self/fd", file, ""));
}
static long bind_outside(void) {
  struct sockaddr_un to = address("outside/new");
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  return descriptor < 0 ? -1 : bind(descriptor, (void*)&to, sizeof to);
}
static long connect_abstract(void) {
  struct sockaddr_un to;
  socklen_t length = abstract_address(&to, outsider);
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  return descriptor < 0 ? -1 : connect(descriptor, (void*)&to, length);
}

/* The socket to the process outside is connected already, and stays so. */
static long reconnect_inherited(void) { return connect_to(OUTSIDER, "sockets/stream"); }

/* A socket of its own. */
static long connect_own(void) {
  struct sockaddr_un to = address("write/new");
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (void*)&to, sizeof to) || listen(listener, 1)) return -1;
  return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), "write/new");
}

enum { IO_URING_SETUP = 425, IO_URING_ENTER = 426, ENTRIES = 4, PAGE = 4096 };

/* Makes one request by a new ring. Returns its result as a system call does. */
static long by_ring(struct io_uring_sqe request) {
  struct io_uring_params parameters = {0};
  int ring = (int)syscall(IO_URING_SETUP, ENTRIES, &parameters);
  if (ring < 0) return -1;
  char* submission = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
  char* completion = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
  struct io_uring_sqe* entries = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
  must(submission != MAP_FAILED && completion != MAP_FAILED && entries != MAP_FAILED, "io_uring");
  entries[0] = request;
  ((uint32_t*)(submission + parameters.sq_off.array))[0] = 0;
  __atomic_store_n((uint32_t*)(submission + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
  must(syscall(IO_URING_ENTER, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1, "io_uring_enter");
  int result = ((struct io_uring_cqe*)(completion + parameters.cq_off.cqes))[0].res;
  errno = result < 0 ? -result : 0;
  return result < 0 ? -1 : result;
}

static long use_ring(void) { return by_ring((struct io_uring_sqe){.opcode = IORING_OP_NOP}); }

static long ring_open(const char* path, unsigned flags) {
  return by_ring((struct io_uring_sqe){
      .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)path, .open_flags = flags, .len = 0600});
}

static long read_by_ring(void) { return read_from(ring_open("outside/secret", O_RDONLY)); }
static long create_by_ring(void) { return ring_open("outside/new", O_WRONLY | O_CREAT); }
static long truncate_by_ring(void) { return empty(ring_open("read/file", O_RDONLY | O_TRUNC), "read/file"); }
static long rename_by_ring(void) {
  return by_ring((struct io_uring_sqe){.opcode = IORING_OP_RENAMEAT,
                                       .fd = AT_FDCWD,
                                       .addr = (uintptr_t)"outside/secret",
                                       .len = (uint32_t)AT_FDCWD,
                                       .off = (uintptr_t)"write/new"});
}
static long link_by_ring(void) {
  return by_ring((struct io_uring_sqe){.opcode = IORING_OP_LINKAT,
                                       .fd = AT_FDCWD,
                                       .addr = (uintptr_t)"outside/secret",
                                       .len = (uint32_t)AT_FDCWD,
                                       .off = (uintptr_t)"write/new"});
}
static long connect_by_ring(void) {
  struct sockaddr_un to = address("sockets/stream");
  long made = by_ring((struct io_uring_sqe){.opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_STREAM});
  if (made < 0) return -1;
  return by_ring(
      (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .fd = (int)made, .addr = (uintptr_t)&to, .off = sizeof to});
}
