/*
 * gate-search CHILD PARENT INSTRUCTION×6: reads the gate value from a child's filter, which needs root, and searches
 * for it in the memory of the child, of its parent, and of this process, which shows that the search works. The
 * instructions are those that hold the halves 0 to 5 of the value.
 *
 * Prints "child N parent N self N digest HEX": how often one of the three words was found in each memory, and a digest
 * by which two values can be told apart. Prints "unsupported ERRNO" if the filter can't be read.
 */
#define _GNU_SOURCE
#include "gate-search.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

int main(int count, char **arguments) {
  static struct sock_filter filter[4096];
  if (count != 9) return 2;
  pid_t child = atoi(arguments[1]);
  if (ptrace(PTRACE_SEIZE, child, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, child, 0, 0) != 0) {
    printf("unsupported %d\n", errno);
    return 0;
  }
  waitpid(child, NULL, __WALL);
  long length = ptrace(PTRACE_SECCOMP_GET_FILTER, child, 0L, filter);
  if (length < 0) {
    printf("unsupported %d\n", errno);
    return 0;
  }
  for (int half = 0; half < 6; half++) {
    int at = atoi(arguments[3 + half]);
    if (at >= length) return 2;
    words[half / 2] |= (uint64_t)filter[at].k << (half % 2 * 32);
  }
  uint64_t digest = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < sizeof words; i++) digest = (digest ^ ((unsigned char *)words)[i]) * 1099511628211u;
  memset(filter, 0, sizeof filter);
  printf("child %ld ", search(child));
  printf("parent %ld ", search(atol(arguments[2])));
  printf("self %ld digest %016llx\n", search(getpid()), (unsigned long long)digest);
  return 0;
}
