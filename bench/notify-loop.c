/* `notify-loop COUNT` measures a minimal supervisor. A child calls sched_get_priority_min(2) COUNT times under a filter that
 * returns SECCOMP_RET_USER_NOTIF; the parent answers each with EBADFD in a minimal loop, with the package's flags.
 * Prints the nanoseconds that each call takes the child. `notify-loop COUNT calls NUMBER` only makes the calls, without a
 * filter. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOTIF_SET_FLAGS 0x40082104UL /* SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6 */
#define WAIT_KILLABLE_RECV 32        /* Linux 5.19 */

static void calls(long number, long count) {
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long i = 0; i < count; i++) syscall(number, 1L);
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.0f\n", ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / count);
}

static int listen_for(long number) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE_RECV, &program);
}

/* Only the descriptor's number is sent. The parent duplicates the descriptor by pidfd_getfd(2). */
int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 1;
  if (argc > 3) return calls(atol(argv[3]), count), 0;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0) return 1;
  pid_t child = fork();
  if (child == 0) {
    int listener = listen_for(SYS_sched_get_priority_min);
    char go;
    if (write(pair[1], &listener, sizeof listener) < 0 || read(pair[1], &go, 1) < 0) _exit(1);
    close(listener);
    calls(SYS_sched_get_priority_min, count);
    fflush(stdout);
    _exit(0);
  }
  int theirs = -1;
  if (read(pair[0], &theirs, sizeof theirs) < 0) return 1;
  int pidfd = syscall(434, child, 0);
  int listener = syscall(438, pidfd, theirs, 0);
  if (listener < 0) return perror("pidfd_getfd"), 1;
  ioctl(listener, NOTIF_SET_FLAGS, 1UL);
  if (write(pair[0], "", 1) < 0) return 1;
  for (long i = 0; i < count; i++) {
    struct seccomp_notif notif;
    memset(&notif, 0, sizeof notif);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notif) != 0) return perror("recv"), 1;
    struct seccomp_notif_resp answer = {notif.id, 0, -EBADFD, 0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0) return perror("send"), 1;
  }
  waitpid(child, NULL, 0);
  return 0;
}
