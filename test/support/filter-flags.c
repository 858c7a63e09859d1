/* Writes the SECCOMP_FILTER_FLAG_* of the filters of a running process to standard output, the newest first, which only root
 * is told: filter-flags PID. Linux 4.16. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int count, char **arguments) {
  if (count != 2) return 2;
  pid_t process = atoi(arguments[1]);
  if (ptrace(PTRACE_SEIZE, process, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, process, 0, 0) != 0) return perror("ptrace"), 1;
  waitpid(process, NULL, __WALL);
  struct __ptrace_seccomp_metadata metadata = {0, 0};
  while (ptrace(PTRACE_SECCOMP_GET_METADATA, process, sizeof metadata, &metadata) == sizeof metadata) {
    printf("%llu\n", (unsigned long long)metadata.flags);
    metadata.filter_off++;
  }
}
