/*
 * landlock-gaps DIRECTORY RIGHTS: tries what Landlock may not check, as a child with paths: in a domain that handles
 * RIGHTS, in which DIRECTORY/read may be read and DIRECTORY/write may be read and written, and under the filter from
 * standard input, if that has one: the number of instructions, 32 bits, and the instructions.
 *
 * Prints a line for each way: its name, and 0 if it succeeded, else the errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers that are the same on all CPUs, and structures, for headers that lack them. Source: linux/landlock.h, ... */
enum { IO_URING_SETUP = 425, OPENAT2 = 437, MOUNT_SETATTR = 442, LANDLOCK = 444, OPEN_TREE_ATTR = 467 };
enum { MAY_WRITE_FILE = 1 << 1, MAY_READ_FILE = 1 << 2, MAY_READ_DIRECTORY = 1 << 3 };
enum { MODE_3 = 3, GET_ENTROPY = 0x80045200, GET_ENTROPY_OF_MIPS = 0x40045200, HANDLE_BYTES = 128 };

struct path_beneath {
  uint64_t allowed_access;
  int32_t parent_fd;
} __attribute__((packed));

struct open_how_of_3 {
  uint64_t flags, mode, resolve;
};

struct mount_attributes {
  uint64_t set, clear, propagation, userns_fd;
};

static struct sock_filter instructions[4096];
static struct sock_fprog program = {0, instructions};
static uint64_t rights;
static struct {
  struct file_handle handle;
  unsigned char bytes[HANDLE_BYTES];
} secret;
/* In the first 4 GiB, for int $0x80: the program is linked statically, and its data are there. */
static struct sockaddr_un of_stream, of_datagrams;
static char file_to_read[128] = "read/file";

static void must(int succeeds, const char* what) {
  if (succeeds) return;
  fprintf(stderr, "landlock-gaps: %s: %s\n", what, strerror(errno));
  exit(125);
}

static struct sockaddr_un address(const char* path) {
  struct sockaddr_un result = {.sun_family = AF_UNIX};
  strcpy(result.sun_path, path);
  return result;
}

static int bound(int type, const struct sockaddr_un* to) {
  int descriptor = socket(AF_UNIX, type, 0);
  must(descriptor >= 0 && bind(descriptor, (const void*)to, sizeof *to) == 0, "bind");
  return descriptor;
}

static long connect_to(int descriptor, const struct sockaddr_un* to) {
  return descriptor < 0 ? -1 : connect(descriptor, (const void*)to, sizeof *to);
}

static long connect_socket(void) { return connect_to(socket(AF_UNIX, SOCK_STREAM, 0), &of_stream); }

/* The first of a pair; closed is its peer. */
static int half_of_pair(int type) {
  int pair[2];
  if (socketpair(AF_UNIX, type, 0, pair)) return -1;
  close(pair[1]);
  return pair[0];
}

static long send_from_pair(void) {
  int descriptor = half_of_pair(SOCK_DGRAM | SOCK_CLOEXEC);
  if (descriptor < 0) return -1;
  return sendto(descriptor, "x", 1, MSG_DONTWAIT, (void*)&of_datagrams, sizeof of_datagrams);
}

static long connect_pair(void) { return connect_to(half_of_pair(SOCK_DGRAM), &of_datagrams); }
static long connect_raw_pair(void) { return connect_to(half_of_pair(SOCK_RAW | SOCK_NONBLOCK), &of_datagrams); }

/* Succeeds if a message comes out at the other end, whatever its address is. */
static long use_pair(int type) {
  int pair[2];
  char byte;
  if (socketpair(AF_UNIX, type, 0, pair) || write(pair[0], "x", 1) != 1 || read(pair[1], &byte, 1) != 1) return -1;
  /* Neither can be connected again, nor sends elsewhere: also once it is shut down, or its peer is closed. */
  for (int i = 0; i < 3; i++) {
    if (i == 1) shutdown(pair[0], SHUT_RDWR);
    if (i == 2) close(pair[1]);
    ssize_t sent = sendto(pair[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (void*)&of_datagrams, sizeof of_datagrams);
    int stays = sent < 0 || recv(pair[1], &byte, 1, MSG_DONTWAIT) == 1;
    if (!stays || connect_to(pair[0], &of_stream) == 0 || connect_to(pair[0], &of_datagrams) == 0) {
      errno = EISCONN;
      return -1;
    }
  }
  return 0;
}

static long use_pair_of_streams(void) { return use_pair(SOCK_STREAM); }
static long use_pair_of_packets(void) { return use_pair(SOCK_SEQPACKET); }
static long make_tcp_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }

static long set_up_ring(void) {
  static char parameters[256];
  return syscall(IO_URING_SETUP, 2, parameters);
}

/* Succeeds if the file is empty then. */
static long empty(long result, const char* path) {
  struct stat status;
  if (result < 0) return -1;
  errno = EBADMSG;
  return stat(path, &status) == 0 && status.st_size == 0 ? 0 : -1;
}

static long open_with(const char* path, int flags) { return empty(open(path, flags, 0600), path); }
static long openat2_with(const char* path, uint64_t flags) {
  struct open_how_of_3 how = {flags, 0, 0};
  return syscall(OPENAT2, AT_FDCWD, path, &how, sizeof how);
}

static long truncate_path(void) { return empty(truncate(file_to_read, 0), file_to_read); }
static long truncate_read_only(void) { return open_with(file_to_read, O_RDONLY | O_TRUNC); }
static long truncate_with_mode_3(void) { return open_with(file_to_read, MODE_3 | O_TRUNC); }
static long truncate_with_openat2(void) { return empty(openat2_with(file_to_read, O_TRUNC), file_to_read); }
static long truncate_write_only(void) { return open_with("write/file", O_WRONLY | O_TRUNC); }
static long truncate_read_write(void) { return open_with("write/file", O_RDWR | O_TRUNC); }
static long create(void) { return empty(creat("write/file", 0600), "write/file"); }
static long truncate_descriptor(void) { return empty(ftruncate(open("write/file", O_RDWR), 0), "write/file"); }
static long read_file(void) { return open(file_to_read, O_RDONLY); }

/* A device that is not granted. Its file can be opened for nothing, not even for reading. */
static long ioctl_of(long descriptor) {
  int bits;
#ifdef __mips__
  return descriptor < 0 ? -1 : ioctl((int)descriptor, GET_ENTROPY_OF_MIPS, &bits);
#else
  return descriptor < 0 ? -1 : ioctl((int)descriptor, GET_ENTROPY, &bits);
#endif
}

static long control_device(void) { return ioctl_of(open("/dev/urandom", MODE_3)); }
static long control_device_with_openat2(void) { return ioctl_of(openat2_with("/dev/urandom", MODE_3)); }

/* Of root: a directory on which another is mounted, and a file outside of it. */
static long open_by_handle(void) {
  char byte;
  int on = open("mounted", O_RDONLY | O_DIRECTORY);
  must(on >= 0, "mounted");
  int descriptor = open_by_handle_at(on, &secret.handle, O_RDONLY);
  return descriptor < 0 ? -1 : read(descriptor, &byte, 1);
}

static const struct mount_attributes read_only = {.set = 1};
static long set_mount(void) { return syscall(MOUNT_SETATTR, AT_FDCWD, "mounted", 0, &read_only, sizeof read_only); }
static long set_mount_of_tree(void) {
  return syscall(OPEN_TREE_ATTR, AT_FDCWD, "mounted", 0, &read_only, sizeof read_only);
}

#ifdef __x86_64__
/* int $0x80 with three arguments. Source: arch/x86/entry/syscalls/syscall_32.tbl. */
static long x86(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c)
                   : "memory", "r8", "r9", "r10", "r11");
  result = (int)result;
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

static long connect_x86_socket(void) { return connect_to((int)x86(359, AF_UNIX, SOCK_STREAM, 0), &of_stream); }

static long connect_by_socketcall(void) {
  static unsigned made[] = {AF_UNIX, SOCK_STREAM, 0};
  static unsigned to[] = {0, 0, sizeof of_stream};
  long descriptor = x86(102, 1, (long)made, 0);
  if (descriptor < 0) return -1;
  to[0] = (unsigned)descriptor;
  to[1] = (unsigned)(uintptr_t)&of_stream;
  return x86(102, 3, (long)to, 0);
}

static long send_from_pair_by_socketcall(void) {
  static int pair[2];
  static unsigned made[] = {AF_UNIX, SOCK_DGRAM, 0, 0};
  made[3] = (unsigned)(uintptr_t)pair;
  return x86(102, 8, (long)made, 0) < 0 ? -1 : connect_to(pair[0], &of_datagrams);
}

static long truncate_by_x86(void) { return empty(x86(92, (long)file_to_read, 0, 0), file_to_read); }
static long truncate64_by_x86(void) { return empty(x86(193, (long)file_to_read, 0, 0), file_to_read); }
static long open_by_x86(void) { return empty(x86(5, (long)file_to_read, O_RDONLY | O_TRUNC, 0), file_to_read); }
#endif

static const struct {
  const char* name;
  long (*attempt)(void);
} ways[] = {
    {"connect a socket", connect_socket},
    {"send from a pair of datagrams", send_from_pair},
    {"connect one of a pair of datagrams", connect_pair},
    {"connect one of a pair of raw sockets", connect_raw_pair},
    {"set up io_uring", set_up_ring},
    {"use a pair of streams", use_pair_of_streams},
    {"use a pair of packets", use_pair_of_packets},
    {"make a TCP socket", make_tcp_socket},
    {"truncate", truncate_path},
    {"open for reading to truncate", truncate_read_only},
    {"open with mode 3 to truncate", truncate_with_mode_3},
    {"openat2 to truncate", truncate_with_openat2},
    {"open for writing to truncate", truncate_write_only},
    {"open for both to truncate", truncate_read_write},
    {"creat", create},
    {"ftruncate", truncate_descriptor},
    {"open for reading", read_file},
    {"control a device", control_device},
    {"control a device by openat2", control_device_with_openat2},
    {"open by handle", open_by_handle},
    {"set attributes of a mount", set_mount},
    {"set attributes of a mount by open_tree_attr", set_mount_of_tree},
#ifdef __x86_64__
    {"connect a socket of x86", connect_x86_socket},
    {"connect a socket by socketcall", connect_by_socketcall},
    {"connect one of a pair by socketcall", send_from_pair_by_socketcall},
    {"truncate of x86", truncate_by_x86},
    {"truncate64 of x86", truncate64_by_x86},
    {"open of x86 for reading to truncate", open_by_x86},
#endif
};

static void grant(int ruleset, const char* path, uint64_t access) {
  struct path_beneath rule = {access, open(path, O_PATH)};
  must(syscall(LANDLOCK + 1, ruleset, 1, &rule, 0) == 0, path);
}

/* Enters the domain, and attaches the filter. */
static void confine(void) {
  int ruleset = (int)syscall(LANDLOCK, &rights, sizeof rights, 0);
  must(ruleset >= 0, "landlock_create_ruleset");
  grant(ruleset, "read", MAY_READ_FILE | MAY_READ_DIRECTORY);
  grant(ruleset, "mounted", MAY_READ_FILE | MAY_READ_DIRECTORY);
  grant(ruleset, "write", MAY_READ_FILE | MAY_READ_DIRECTORY | MAY_WRITE_FILE);
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(syscall(LANDLOCK + 2, ruleset, 0) == 0, "landlock_restrict_self");
  if (program.len == 0) return;
  must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "seccomp");
}

static void fill(const char* path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  must(descriptor >= 0 && write(descriptor, "text", 4) == 4 && close(descriptor) == 0, path);
}

int main(int argc, char** argv) {
  uint32_t length;
  must(argc == 3 && chdir(argv[1]) == 0, "usage: landlock-gaps DIRECTORY RIGHTS");
  must(fread(&length, sizeof length, 1, stdin) == 1 && length <= 4096, "standard input");
  must(fread(instructions, sizeof *instructions, length, stdin) == length, "standard input");
  program.len = (unsigned short)length;
  rights = strtoull(argv[2], NULL, 0);

  const char* const directories[] = {"read", "write", "closed", "mounted"};
  for (int i = 0; i < 4; i++) must(mkdir(directories[i], 0700) == 0, directories[i]);
  of_stream = address("closed/stream");
  of_datagrams = address("closed/datagrams");
  must(listen(bound(SOCK_STREAM, &of_stream), 100) == 0, "listen");
  bound(SOCK_DGRAM, &of_datagrams);
  fill("closed/secret");
  int mount_id;
  secret.handle.handle_bytes = HANDLE_BYTES;
  int has_handle = name_to_handle_at(AT_FDCWD, "closed/secret", &secret.handle, &mount_id, 0) == 0;
  int has_mount = has_handle && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                  mount("mounted", "mounted", NULL, MS_BIND, NULL) == 0;

  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    int of_mount =
        ways[i].attempt == open_by_handle || ways[i].attempt == set_mount || ways[i].attempt == set_mount_of_tree;
    if (of_mount && !has_mount) continue;
    fill("read/file");
    fill("write/file");
    fflush(stdout);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
      confine();
      long result = ways[i].attempt();
      printf("%s: %d\n", ways[i].name, result < 0 ? errno : 0);
      fflush(stdout);
      _exit(0);
    }
    int status;
    must(waitpid(child, &status, 0) == child, "waitpid");
    if (WIFSIGNALED(status)) continue; /* This kernel has no int $0x80. */
    must(status == 0, ways[i].name);
  }
  return 0;
}
