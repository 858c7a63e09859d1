/*
 * read-filters PID: writes the seccomp filters of a process to standard output, the newest first. Each filter is the
 * number of its instructions (4 bytes), and struct sock_filter[]. Needs root.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int main(int count, char **arguments) {
  static struct sock_filter filter[BPF_MAXINSNS];
  if (count != 2) return 2;
  pid_t process = atoi(arguments[1]);
  if (ptrace(PTRACE_SEIZE, process, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, process, 0, 0) != 0) {
    perror("ptrace");
    return 1;
  }
  waitpid(process, NULL, __WALL);
  for (unsigned long i = 0;; i++) {
    long length = ptrace(PTRACE_SECCOMP_GET_FILTER, process, (void *)i, filter);
    if (length < 0) return 0; /* There is no filter with this index. */
    uint32_t size = (uint32_t)length;
    fwrite(&size, sizeof size, 1, stdout);
    fwrite(filter, sizeof *filter, size, stdout);
  }
}
