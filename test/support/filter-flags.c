/*
 * filter-flags PID: prints the SECCOMP_FILTER_FLAG_* of the filters of a process, the newest filter first. Needs root,
 * and Linux 4.16.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int count, char **arguments) {
  if (count != 2) return 2;
  pid_t process = atoi(arguments[1]);
  if (ptrace(PTRACE_SEIZE, process, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, process, 0, 0) != 0) {
    perror("ptrace");
    return 1;
  }
  waitpid(process, NULL, __WALL);
  struct __ptrace_seccomp_metadata metadata = {0, 0};
  while (ptrace(PTRACE_SECCOMP_GET_METADATA, process, sizeof metadata, &metadata) == sizeof metadata) {
    printf("%llu\n", (unsigned long long)metadata.flags);
    metadata.filter_off++;
  }
}
