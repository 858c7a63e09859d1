/*
 * emulated-abi ABI COMMAND [ARGUMENT]...: runs the command, for which the kernel has this older version of Landlock
 * only.
 *
 * A filter passes the calls of Landlock that the command and its descendants make to this process. It answers those
 * that a kernel of this version answers otherwise, as that kernel does; the kernel executes all others. What the kernel
 * does in a domain is not emulated. Source: security/landlock/syscalls.c of each version.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The numbers are the same in all ABIs of the kernel but x32, which no test uses here. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { VERSION = 1, ERRATA = 2 };
enum { PATH_BENEATH = 1, NET_PORT = 2 };
/* Members of landlock_ruleset_attr are of 8 bytes. The kernel takes no more than a page. */
enum { MEMBER = 8, LARGEST = 4096 };

static int abi;

static void must(int succeeds, const char* what) {
  if (succeeds) return;
  fprintf(stderr, "emulated-abi: %s: %s\n", what, strerror(errno));
  exit(125);
}

/* LANDLOCK_ACCESS_FS_* of the version. */
static uint64_t rights(void) {
  const int count = abi >= 9 ? 17 : abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return ((uint64_t)1 << count) - 1;
}

/* The size of landlock_ruleset_attr: handled_access_fs, since ABI 4 handled_access_net, since ABI 6 scoped. */
static size_t known_size(void) { return MEMBER * (abi >= 6 ? 3 : abi >= 4 ? 2 : 1); }

static int memory_of(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", (int)process);
  const int memory = open(path, O_RDONLY | O_CLOEXEC);
  must(memory >= 0, path);
  return memory;
}

/* What landlock_create_ruleset returns for attributes: a negative errno, or 0 if the kernel is to say. */
static int check_attributes(const struct seccomp_notif* call) {
  static unsigned char bytes[LARGEST];
  uint64_t handled;
  const size_t size = (size_t)call->data.args[1];
  if (size < MEMBER || size > LARGEST) return 0;
  const int memory = memory_of((pid_t)call->pid);
  const ssize_t read = pread(memory, bytes, size, (off_t)call->data.args[0]);
  close(memory);
  if (read != (ssize_t)size) return 0;
  for (size_t i = known_size(); i < size; i++)
    if (bytes[i] != 0) return -E2BIG;
  memcpy(&handled, bytes, sizeof handled);
  return (handled & ~rights()) != 0 ? -EINVAL : 0;
}

/* What the call returns: 0 if the kernel is to say. */
static int answer_to(const struct seccomp_notif* call) {
  const __u64* const args = call->data.args;
  const uint32_t flags_of_ruleset = (uint32_t)args[2], flags_of_rule = (uint32_t)args[3], flags = (uint32_t)args[1];
  switch (call->data.nr) {
    case CREATE_RULESET:
      if (flags_of_ruleset == VERSION && args[0] == 0 && args[1] == 0) return abi;
      if (flags_of_ruleset == 0) return check_attributes(call);
      return flags_of_ruleset == ERRATA && abi >= 7 ? 0 : -EINVAL;
    case ADD_RULE:
      if (flags_of_rule != 0 && abi < 10) return -EINVAL;
      return (uint32_t)args[1] == NET_PORT && abi < 4 ? -EINVAL : 0;
    default:
      return (flags & ~(abi >= 8 ? 15U : abi >= 7 ? 7U : 0U)) != 0 ? -EINVAL : 0;
  }
}

/* Answers until no process under the filter is left. */
static void supervise(int listener) {
  for (;;) {
    struct seccomp_notif call;
    struct pollfd listening = {listener, POLLIN, 0};
    if (poll(&listening, 1, -1) < 0 && errno == EINTR) continue;
    if ((listening.revents & POLLIN) == 0) return;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue; /* The caller was killed. */
    const int answer = answer_to(&call);
    struct seccomp_notif_resp response = {.id = call.id};
    if (answer == 0)
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (answer < 0)
      response.error = answer;
    else
      response.val = answer;
    must(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno == ENOENT, "answer");
  }
}

static int attach(void) {
  struct sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CREATE_RULESET, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, RESTRICT_SELF, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof instructions / sizeof *instructions, instructions};
  const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  const int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (listener >= 0 || errno != EACCES) return listener;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
             ? -1
             : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int main(int count, char** arguments) {
  int status, listener, passed[2];
  if (count < 3) return 2;
  abi = atoi(arguments[1]);
  must(pipe2(passed, O_CLOEXEC | O_NONBLOCK) == 0, "pipe");
  /* Until it executes the command or ends, the child shares the descriptors of this process, which waits. */
  const pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  must(child >= 0, "clone");
  if (child == 0) {
    listener = attach();
    must(listener >= 0, "seccomp");
    must(write(passed[1], &listener, sizeof listener) == sizeof listener, "write");
    execvp(arguments[2], arguments + 2);
    must(0, arguments[2]);
  }
  must(read(passed[0], &listener, sizeof listener) == sizeof listener, "no listener");
  supervise(listener);
  must(waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
