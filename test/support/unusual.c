/* Unusual programs to record, by the first argument. Each prints its result. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int plain(void) {
  struct utsname name;
  return puts(uname(&name) == 0 ? name.sysname : "failed") < 0;
}

/* Forks twice, as a daemon does: the last process may outlive the first, which waits for it by a pipe. */
static int twice(void) {
  int ends[2];
  char word[8] = "";
  if (pipe(ends) != 0) return 1;
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      struct utsname name;
      uname(&name);
      return write(ends[1], name.sysname, 5) != 5;
    }
    _exit(0);
  }
  if (read(ends[0], word, 5) != 5) return 1;
  wait(NULL);
  return puts(word) < 0;
}

static int by_vfork(void) {
  int status;
  pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/echo", "echo", "vfork", (char *)NULL);
    _exit(1);
  }
  waitpid(pid, &status, 0);
  return status;
}

static int by_clone3(void) {
  struct clone_args args = {.exit_signal = SIGCHLD};
  int status;
  long pid = syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) _exit(7);
  waitpid((pid_t)pid, &status, 0);
  return printf("clone3 %d\n", WEXITSTATUS(status)) < 0;
}

/* Attaches a filter of its own, which denies uname. */
static int filtered(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof code[0], code};
  struct utsname name;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 1;
  int result = uname(&name);
  return printf("uname %s\n", result != 0 && errno == EXDEV ? "denied" : "allowed") < 0;
}

static int ring(void) {
  char params[120] = {0};
  long result = syscall(SYS_io_uring_setup, 2, params);
  return printf("io_uring %s\n", result >= 0 ? "made" : strerror(errno)) < 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "plain";
  if (strcmp(what, "twice") == 0) return twice();
  if (strcmp(what, "vfork") == 0) return by_vfork();
  if (strcmp(what, "clone3") == 0) return by_clone3();
  if (strcmp(what, "filter") == 0) return filtered();
  if (strcmp(what, "io_uring") == 0) return ring();
  return plain();
}
