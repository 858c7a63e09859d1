/*
 * Tries to reach another process.
 *
 * reach PID [SOCKET] Prints a line for each way: its name, and 0 if the process was reached, else the errno. Settings
 * are
 *                           written with their present values. SOCKET is a name in the abstract namespace.
 * reach PID listener TIMES Prints how often it obtained a descriptor that could be the listener of its own filter.
 * reach Waits until its standard input ends: a process for others to reach.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static pid_t target;

static void report(const char *way, long result) { printf("%s %d\n", way, result < 0 ? errno : 0); }

static const char *of_target(const char *file) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", target, file);
  return path;
}

static long read_file(const char *file) {
  char byte;
  int descriptor = open(of_target(file), O_RDONLY);
  if (descriptor < 0) return -1;
  long result = read(descriptor, &byte, 1);
  close(descriptor);
  return result;
}

static long open_to_write(const char *path) {
  int descriptor = open(path, O_WRONLY);
  if (descriptor < 0) return -1;
  return close(descriptor);
}

static long open_memory(void) { return open_to_write(of_target("mem")); }

static long open_memory_of_thread(void) {
  char path[64];
  snprintf(path, sizeof path, "task/%d/mem", target);
  return open_to_write(of_target(path));
}

/* Nothing is mapped at this address: a caller with permission gets EFAULT. */
static long read_memory(void) {
  char byte;
  struct iovec local = {&byte, 1}, remote = {(void *)16, 1};
  long result = process_vm_readv(target, &local, 1, &remote, 1, 0);
  return result < 0 && errno == EFAULT ? 0 : result;
}

/* The numbers of descriptors are no secret to the same user, but their targets are. */
static long read_descriptor(void) {
  char path[64];
  return readlink(of_target("fd/0"), path, sizeof path);
}

static long take_descriptor(void) {
  int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
  if (pidfd < 0) return -1;
  int taken = (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
  int error = errno;
  close(pidfd);
  if (taken >= 0) close(taken);
  errno = error;
  return taken;
}

static long trace(void) {
  if (ptrace(PTRACE_SEIZE, target, 0, 0) != 0) return -1;
  ptrace(PTRACE_INTERRUPT, target, 0, 0);
  waitpid(target, NULL, __WALL);
  ptrace(PTRACE_DETACH, target, 0, 0);
  return 0;
}

static long signal_by_pidfd(void) {
  int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
  if (pidfd < 0) return -1;
  return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0);
}

static long queue_signal(void) {
  union sigval none = {0};
  return sigqueue(target, 0, none);
}

/* Sets the limit of core dumps to its present value. */
static long limit(void) {
  struct rlimit now;
  if (prlimit(target, RLIMIT_CORE, NULL, &now) != 0) return -1;
  return prlimit(target, RLIMIT_CORE, &now, NULL);
}

/* A caller with permission gets ENOTTY, as the descriptor is not a terminal. */
static long control_terminal(int descriptor, unsigned long request) {
  char byte = 0;
  long result = ioctl(descriptor, request, &byte);
  return result < 0 && errno == ENOTTY ? 0 : result;
}

/* keyctl(KEYCTL_READ, KEY_SPEC_SESSION_KEYRING): the numbers of the keys of the session, which the parent shares. */
static long read_session_keyring(void) {
  int keys[64];
  return syscall(SYS_keyctl, 11, -3, keys, sizeof keys);
}

/* Adds a key to that keyring, and removes it: KEYCTL_INVALIDATE. */
static long add_to_session_keyring(void) {
  long key = syscall(SYS_add_key, "user", "seccomp-reach", "x", (size_t)1, -3);
  if (key >= 0) syscall(SYS_keyctl, 21, key);
  return key;
}

/* A caller with permission gets ENOKEY, as there is no such key. */
static long find_in_session_keyring(void) {
  long result = syscall(SYS_request_key, "user", "seccomp-reach-none", NULL, 0);
  return result < 0 && errno == ENOKEY ? 0 : result;
}

/* Older versions of libuv use all of sun_path as the name. */
static long connect_abstract(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, name, strlen(name));
  socklen_t exact = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  long result = connect(descriptor, (void *)&address, exact);
  if (result < 0 && errno == ECONNREFUSED) result = connect(descriptor, (void *)&address, sizeof address);
  return result;
}

/* Writes a file of /proc with its present value. Isolation closes none of these files. */
static long rewrite(const char *file) {
  char text[64];
  int descriptor = open(of_target(file), O_RDWR);
  if (descriptor < 0) return -1;
  ssize_t size = read(descriptor, text, sizeof text);
  /* autogroup reads as "/autogroup-N nice M" and is written as M. */
  const char *value = memchr(text, ' ', (size_t)size) == NULL ? text : "0";
  long result = write(descriptor, value, value == text ? (size_t)size : 1);
  int error = errno;
  close(descriptor);
  errno = error;
  return result < 0 && errno == EAGAIN ? 0 : result; /* autogroup: an ordinary user may write it ten times a second */
}

/* The file of the cgroup's processes. A process that may write it may also freeze and kill them. */
static long open_cgroup(void) {
  char line[512], path[1024];
  FILE *file = fopen(of_target("cgroup"), "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "0::", 3) != 0) continue;
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cgroup.procs", line + 3);
    if (access(path, F_OK) != 0) snprintf(path, sizeof path, "/sys/fs/cgroup/unified%s/cgroup.procs", line + 3);
    return open_to_write(path);
  }
  errno = ENOENT;
  return -1;
}

static long set_priority(void) {
  errno = 0;
  int priority = getpriority(PRIO_PROCESS, (id_t)target);
  if (errno != 0) return -1;
  return setpriority(PRIO_PROCESS, (id_t)target, priority);
}

static long set_affinity(void) {
  cpu_set_t cpus;
  if (sched_getaffinity(target, sizeof cpus, &cpus) != 0) return -1;
  return sched_setaffinity(target, sizeof cpus, &cpus);
}

/* Tries `attempts` times, in each way, to take a descriptor of the supervisor that could be a listener. */
static int steal(long attempts) {
  long taken = 0;
  int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
  for (long i = 0; i < attempts; i++) {
    int number = (int)(3 + i % 61);
    char path[64];
    snprintf(path, sizeof path, "fd/%d", number);
    taken += syscall(SYS_pidfd_getfd, pidfd, number, 0) >= 0;
    taken += open(of_target(path), O_RDWR) >= 0;
    taken += open_memory() == 0;
    taken += read_memory() == 0;
    taken += trace() == 0;
  }
  printf("%ld\n", taken);
  return 0;
}

int main(int count, char **arguments) {
  char byte;
  if (count < 2) return (int)read(STDIN_FILENO, &byte, 1);
  target = atoi(arguments[1]);
  if (count == 4) return steal(atol(arguments[3]));
  int null = open("/dev/null", O_RDWR);
  setvbuf(stdout, NULL, _IOLBF, 0);
  report("memory", open_memory());
  report("memory of a thread", open_memory_of_thread());
  report("process_vm_readv", read_memory());
  report("environ", read_file("environ"));
  report("maps", read_file("maps"));
  report("fd", read_descriptor());
  report("pidfd_getfd", take_descriptor());
  report("ptrace", trace());
  report("kill", kill(target, 0));
  report("tgkill", syscall(SYS_tgkill, target, target, 0));
  report("sigqueue", queue_signal());
  report("pidfd_send_signal", signal_by_pidfd());
  report("prlimit", limit());
  report("TIOCSTI", control_terminal(null, TIOCSTI));
  report("TIOCLINUX", control_terminal(null, TIOCLINUX));
  report("TIOCSPGRP", control_terminal(null, TIOCSPGRP));
  report("/dev/tty", open_to_write("/dev/tty"));
  report("keyctl", read_session_keyring());
  report("add_key", add_to_session_keyring());
  report("request_key", find_in_session_keyring());
  if (count > 2) report("abstract socket", connect_abstract(arguments[2]));
  report("core_pattern", open_to_write("/proc/sys/kernel/core_pattern"));
  report("cgroup.procs", open_cgroup());
  report("oom_score_adj", rewrite("oom_score_adj"));
  report("autogroup", rewrite("autogroup"));
  report("coredump_filter", open_to_write(of_target("coredump_filter")));
  report("clear_refs", open_to_write(of_target("clear_refs")));
  report("sched", open_to_write(of_target("sched")));
  report("priority", set_priority());
  report("affinity", set_affinity());
  return 0;
}
