/*
 * Tries to reach the network, and what would reach it for the program, in every way.
 *
 * network outside COMMAND... Makes sockets of an outsider in the current directory, and starts COMMAND with some as the
 *                            descriptors of `enum given`. Exits as COMMAND does.
 * network attack PORT        Prints a line for each way: its name, and 0 if it succeeded, else the errno. PORT is that
 * of the outsider, in the environment of COMMAND as PORT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAMILIES = 46, MPTCP = 262, BACKLOG = 1024, PIDFD_OPEN = 434, PIDFD_GETFD = 438 };
enum { IO_URING_SETUP = 425, IO_URING_ENTER = 426, ENTRIES = 4, PAGE = 4096 };

/* What the program is given: TCP sockets, one of UDP, half of a pair of datagram sockets, a listening socket, and one
 * that is never connected: recent kernels let no other one listen. */
enum given { CONNECTED = 3, UNCONNECTED, UDP, HALF, LISTENING, UNUSED, END };

/* In the first 4 GiB, for int $0x80: the program is linked statically, and its data are there. */
static struct sockaddr_in host = {.sin_family = AF_INET};
static struct sockaddr_un stream = {AF_UNIX, "stream"}, datagrams = {AF_UNIX, "datagrams"},
                          abstract = {.sun_family = AF_UNIX};
static const struct sockaddr none = {.sa_family = AF_UNSPEC};

static void must(int succeeds, const char* what) {
  if (succeeds) return;
  perror(what);
  exit(125);
}

#define TO(address) (const struct sockaddr*)&(address), sizeof(address)

/* Sets the addresses that depend on the port. */
static void set_port(int port) {
  host.sin_port = htons((uint16_t)port);
  snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "network-%d", port);
}

static long tcp(void) { return socket(AF_INET, SOCK_STREAM, 0); }

static int listening(int family, const struct sockaddr* address, socklen_t length) {
  int made = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(made >= 0 && bind(made, address, length) == 0 && listen(made, BACKLOG) == 0, "listen");
  return made;
}

static void give(int descriptor, int as) { must(dup2(descriptor, as) == as && close(descriptor) == 0, "dup2"); }

static int outside(char** command) {
  char port[8];
  socklen_t length = sizeof host;
  int pair[2];
  for (int i = CONNECTED; i < END; i++) must(dup2(0, i) == i, "dup2"); /* So that no socket has these numbers yet. */
  host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = listening(AF_INET, TO(host));
  must(getsockname(listener, (void*)&host, &length) == 0, "getsockname");
  snprintf(port, sizeof port, "%d", ntohs(host.sin_port));
  setenv("PORT", port, 1);
  set_port(ntohs(host.sin_port));
  int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(bind(udp, TO(host)) == 0, "bind");
  listening(AF_UNIX, TO(stream));
  listening(AF_UNIX, TO(abstract));
  int receiving = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(bind(receiving, TO(datagrams)) == 0, "bind");

  int connected = (int)tcp();
  must(connect(connected, TO(host)) == 0, "connect");
  must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "socketpair");
  int own = (int)tcp();
  must(listen(own, BACKLOG) == 0, "listen");
  give(connected, CONNECTED);
  give((int)tcp(), UNCONNECTED);
  give(socket(AF_INET, SOCK_DGRAM, 0), UDP);
  give(pair[0], HALF);
  give(own, LISTENING);
  give((int)tcp(), UNUSED);

  /* Takes the messages, since only few are kept: the next one would wait. */
  pid_t receiver = fork();
  while (receiver == 0) {
    char byte;
    must(recv(receiving, &byte, 1, 0) >= 0, "recv");
  }
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    must(0, command[0]);
  }
  int status;
  must(waitpid(child, &status, 0) == child, "waitpid");
  kill(receiver, SIGKILL);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

/* Sockets of its own. */
static long connect_tcp(void) { return connect((int)tcp(), TO(host)); }
static long connect_mptcp(void) { return connect(socket(AF_INET, SOCK_STREAM, MPTCP), TO(host)); }
static long connect_udp(void) { return connect(socket(AF_INET, SOCK_DGRAM, 0), TO(host)); }
static long send_udp(void) { return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, TO(host)); }
static long listen_tcp(void) { return listen((int)tcp(), 1); }
static long connect_unix(void) { return connect(socket(AF_UNIX, SOCK_STREAM, 0), TO(stream)); }
static long connect_abstract(void) { return connect(socket(AF_UNIX, SOCK_STREAM, 0), TO(abstract)); }
static long send_unix(void) { return sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, TO(datagrams)); }

static long send_message(int descriptor, const struct sockaddr* to, socklen_t length, int flags) {
  struct iovec data = {"x", 1};
  struct msghdr message = {.msg_name = (void*)to, .msg_namelen = length, .msg_iov = &data, .msg_iovlen = 1};
  return sendmsg(descriptor, &message, flags);
}

static long send_messages(int descriptor, const struct sockaddr* to, socklen_t length, int flags) {
  struct iovec data = {"x", 1};
  struct mmsghdr message = {{(void*)to, length, &data, 1, NULL, 0, 0}, 0};
  return sendmmsg(descriptor, &message, 1, flags);
}

static int half_of(int type) {
  int pair[2];
  return socketpair(AF_UNIX, type, 0, pair) ? -1 : pair[0];
}

static long reconnect_pair(void) { return connect(half_of(SOCK_DGRAM), TO(datagrams)); }
static long send_from_pair(void) { return send_message(half_of(SOCK_DGRAM | SOCK_CLOEXEC), TO(datagrams), 0); }
static long send_from_raw_pair(void) { return send_message(half_of(SOCK_RAW), TO(datagrams), 0); }

/* Sockets that it was given. */
static long reconnect_given(void) { return connect(CONNECTED, TO(none)) ? -1 : connect(CONNECTED, TO(host)); }
static long connect_given(void) { return connect(UNCONNECTED, TO(host)); }
static long bind_given(void) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  return bind(UNCONNECTED, TO(any));
}
static long listen_on_given(void) { return listen(UNUSED, 1); }
static long fast_open(void) { return sendto(UNCONNECTED, "x", 1, MSG_FASTOPEN, TO(host)); }
static long fast_open_sendmsg(void) { return send_message(UNCONNECTED, TO(host), MSG_FASTOPEN); }
static long fast_open_sendmmsg(void) { return send_messages(UNCONNECTED, TO(host), MSG_FASTOPEN); }
static long connect_given_udp(void) { return connect(UDP, TO(host)); }
static long send_given_udp(void) { return sendto(UDP, "x", 1, 0, TO(host)); }
static long connect_given_half(void) { return connect(HALF, TO(datagrams)); }
static long send_given_half(void) { return sendto(HALF, "x", 1, 0, TO(datagrams)); }

/* What stays open. */
static long send_message_of_given_udp(void) { return send_message(UDP, TO(host), 0); }
static long send_messages_of_given_half(void) { return send_messages(HALF, TO(datagrams), 0); }
static long use_given(void) { return write(CONNECTED, "x", 1) == 1 && send(CONNECTED, "x", 1, 0) == 1 ? 0 : -1; }
static long accept_on_given(void) {
  errno = 0;
  fcntl(LISTENING, F_SETFL, O_NONBLOCK);
  return accept(LISTENING, NULL, NULL) < 0 && errno == EAGAIN ? 0 : -1;
}
static long use_pair(int type) {
  int pair[2];
  char byte;
  if (socketpair(AF_UNIX, type, 0, pair)) return -1;
  return write(pair[0], "x", 1) == 1 && send_message(pair[0], NULL, 0, 0) == 1 && read(pair[1], &byte, 1) == 1 ? 0 : -1;
}
static long use_streams(void) { return use_pair(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK); }
static long use_packets(void) { return use_pair(SOCK_SEQPACKET); }

/* By io_uring. Makes one request by a new ring, and returns its result as a system call does. */
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
  if (syscall(IO_URING_ENTER, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) return -1;
  int result = ((struct io_uring_cqe*)(completion + parameters.cq_off.cqes))[0].res;
  errno = result < 0 ? -result : 0;
  return result < 0 ? -1 : result;
}

static long connect_by_ring(int descriptor) {
  return by_ring((struct io_uring_sqe){
      .opcode = IORING_OP_CONNECT, .fd = descriptor, .addr = (uintptr_t)&host, .off = sizeof host});
}
static long ring_connect(void) {
  long made = by_ring((struct io_uring_sqe){.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM});
  return made < 0 ? -1 : connect_by_ring((int)made);
}
static long ring_connect_given(void) { return connect_by_ring(UNCONNECTED); }
/* -1 as the descriptor fails with EBADF, unless the filter denies the call. */
static long enter_ring(void) { return syscall(IO_URING_ENTER, -1, 0, 0, 0, NULL, 0) < 0 && errno == EBADF ? 0 : -1; }

/* By the parent, which has the same sockets. */
static long take_from_parent(void) {
  int taken = (int)syscall(PIDFD_GETFD, syscall(PIDFD_OPEN, getppid(), 0), CONNECTED, 0);
  return taken < 0 ? -1 : write(taken, "x", 1);
}
static long trace_parent(void) { return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL); }

#ifdef __x86_64__
/* int $0x80 with three arguments. Source: arch/x86/entry/syscalls/syscall_32.tbl. */
static long x86(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c)
                   : "memory", "r8", "r9", "r10", "r11");
  result = (int)result;
  errno = (int)-result;
  return result < 0 ? -1 : result;
}

/* socketcall(2): its arguments are in memory. */
static long socketcall(long call, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f) {
  static unsigned arguments[6];
  memcpy(arguments, (unsigned[]){a, b, c, d, e, f}, sizeof arguments);
  return x86(102, call, (long)arguments, 0);
}

static unsigned at(const void* address) { return (unsigned)(uintptr_t)address; }
static int pair_of_x86[2];
static char byte_of_x86[] = "x";
static struct {
  unsigned base, length;
} data_of_x86 = {0, 1};
static struct {
  unsigned name, name_length, data, count, control, control_length, flags, sent;
} message_of_x86;

static unsigned message_to_host(void) {
  data_of_x86.base = at(byte_of_x86);
  message_of_x86.name = at(&host);
  message_of_x86.name_length = sizeof host;
  message_of_x86.data = at(&data_of_x86);
  message_of_x86.count = 1;
  return at(&message_of_x86);
}

static long x86_socket(void) { return x86(359, AF_INET, SOCK_STREAM, 0); }
static long x86_connect(void) { return x86(362, UNCONNECTED, at(&host), sizeof host); }
static long x86_sendmsg(void) { return x86(370, UNCONNECTED, message_to_host(), MSG_FASTOPEN); }
static long socketcall_socket(void) { return socketcall(1, AF_INET, SOCK_STREAM, 0, 0, 0, 0); }
static long socketcall_bind(void) {
  static struct sockaddr_in any = {.sin_family = AF_INET};
  return socketcall(2, UNCONNECTED, at(&any), sizeof any, 0, 0, 0);
}
static long socketcall_connect(void) { return socketcall(3, UNCONNECTED, at(&host), sizeof host, 0, 0, 0); }
static long socketcall_listen(void) { return socketcall(4, UNUSED, 1, 0, 0, 0, 0); }
static long socketcall_socketpair(void) { return socketcall(8, AF_UNIX, SOCK_DGRAM, 0, at(pair_of_x86), 0, 0); }
static long socketcall_sendto(void) { return socketcall(11, UDP, at(byte_of_x86), 1, 0, at(&host), sizeof host); }
static long socketcall_sendmsg(void) { return socketcall(16, UNCONNECTED, message_to_host(), MSG_FASTOPEN, 0, 0, 0); }
static long socketcall_sendmmsg(void) { return socketcall(20, UNCONNECTED, message_to_host(), 1, MSG_FASTOPEN, 0, 0); }
static long socketcall_send(void) { return socketcall(9, CONNECTED, at(byte_of_x86), 1, 0, 0, 0); }

static long x32_socket(void) { return syscall(0x40000000 | SYS_socket, AF_INET, SOCK_STREAM, 0); }
static long x32_connect(void) { return syscall(0x40000000 | SYS_connect, UNCONNECTED, &host, sizeof host); }
static long x32_sendmsg(void) {
  /* Number 518 has the message of 32-bit programs. Source: arch/x86/entry/syscalls/syscall_64.tbl. */
  return syscall(0x40000000 | 518, UNCONNECTED, (long)message_to_host(), MSG_FASTOPEN);
}
#endif

static const struct {
  const char* name;
  long (*attempt)(void);
} ways[] = {
    {"connect TCP", connect_tcp},
    {"connect MPTCP", connect_mptcp},
    {"connect UDP", connect_udp},
    {"send by UDP", send_udp},
    {"listen without bind", listen_tcp},
    {"connect a Unix socket", connect_unix},
    {"connect an abstract socket", connect_abstract},
    {"send to a Unix socket", send_unix},
    {"connect one of a pair of datagrams", reconnect_pair},
    {"send from a pair of datagrams", send_from_pair},
    {"send from a pair of raw sockets", send_from_raw_pair},
    {"connect a given connected socket again", reconnect_given},
    {"connect a given TCP socket", connect_given},
    {"bind a given TCP socket", bind_given},
    {"listen on a given TCP socket", listen_on_given},
    {"sendto with MSG_FASTOPEN", fast_open},
    {"sendmsg with MSG_FASTOPEN", fast_open_sendmsg},
    {"sendmmsg with MSG_FASTOPEN", fast_open_sendmmsg},
    {"connect a given UDP socket", connect_given_udp},
    {"sendto by a given UDP socket", send_given_udp},
    {"connect a given datagram socket of a pair", connect_given_half},
    {"sendto by a given datagram socket of a pair", send_given_half},
    {"connect by io_uring", ring_connect},
    {"connect a given socket by io_uring", ring_connect_given},
    {"enter io_uring", enter_ring},
    {"take a socket from the parent", take_from_parent},
    {"sendmsg by a given UDP socket", send_message_of_given_udp},
    {"sendmmsg by a given datagram socket of a pair", send_messages_of_given_half},
    {"use a given connected socket", use_given},
    {"accept on a given listening socket", accept_on_given},
    {"use a pair of streams", use_streams},
    {"use a pair of packets", use_packets},
#ifdef __x86_64__
    {"socket of x86", x86_socket},
    {"connect of x86", x86_connect},
    {"sendmsg of x86", x86_sendmsg},
    {"socketcall socket", socketcall_socket},
    {"socketcall bind", socketcall_bind},
    {"socketcall connect", socketcall_connect},
    {"socketcall listen", socketcall_listen},
    {"socketcall socketpair", socketcall_socketpair},
    {"socketcall sendto", socketcall_sendto},
    {"socketcall sendmsg", socketcall_sendmsg},
    {"socketcall sendmmsg", socketcall_sendmmsg},
    {"socketcall send", socketcall_send},
    {"socket of x32", x32_socket},
    {"connect of x32", x32_connect},
    {"sendmsg of x32", x32_sendmsg},
#endif
    {"trace the parent", trace_parent},
};

static void report(const char* name, long result) {
  printf("%s: %d\n", name, result < 0 ? errno : 0);
  fflush(stdout);
}

/* Makes a socket, or a pair, of each family and type. */
static void make_all(void) {
  char name[64];
  for (int family = 0; family < FAMILIES; family++) {
    for (int type = SOCK_STREAM; type <= SOCK_PACKET; type++) {
      int made = socket(family, type, 0), pair[2];
      snprintf(name, sizeof name, "socket %d %d", family, type);
      report(name, made);
      if (made >= 0) close(made);
      made = socketpair(family, type, 0, pair);
      snprintf(name, sizeof name, "socketpair %d %d", family, type);
      report(name, made);
      if (made == 0) close(pair[0]), close(pair[1]);
    }
  }
}

int main(int count, char** arguments) {
  if (count > 2 && strcmp(arguments[1], "outside") == 0) return outside(arguments + 2);
  must(count == 3 && strcmp(arguments[1], "attack") == 0, "usage");
  host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  set_port(atoi(arguments[2]));
  make_all();
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    report(ways[i].name, ways[i].attempt());
    for (int each = UNCONNECTED; each < LISTENING; each++) connect(each, TO(none)); /* As they were given. */
  }
  return 0;
}
