/*
 * notifying COUNT: two threads, each of which makes COUNT calls of two syscalls. Exits with 3 at the first wrong
 * result: sched_get_priority_max(n) must return n ^ 0x5a5a, and sched_get_priority_min(n) must fail with EBADFD.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long count;

static void *call_all(void *first) {
  for (long n = (long)first; n < (long)first + count; n++) {
    if (syscall(SYS_sched_get_priority_max, n) != (n ^ 0x5a5a)) _exit(3);
    if (syscall(SYS_sched_get_priority_min, n) != -1 || errno != EBADFD) _exit(3);
  }
  return NULL;
}

int main(int argc, char **argv) {
  count = argc > 1 ? atol(argv[1]) : 1;
  pthread_t other;
  if (pthread_create(&other, NULL, call_all, (void *)0x1000000L) != 0) return 4;
  call_all(NULL);
  pthread_join(other, NULL);
  return 0;
}
