/* `notifying COUNT`: two threads that make COUNT calls each of both kinds, and end with 3 if one is not answered as it should be:
 * sched_get_priority_max(n) by n ^ 0x5a5a, sched_get_priority_min(n) by EBADFD. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static long count;

static void *ask(void *first) {
  for (long n = (long)first; n < (long)first + count; n++) {
    if (syscall(SYS_sched_get_priority_max, n) != (n ^ 0x5a5a)) _exit(3);
    if (syscall(SYS_sched_get_priority_min, n) != -1 || errno != EBADFD) _exit(3);
  }
  return NULL;
}

int main(int argc, char **argv) {
  count = argc > 1 ? atol(argv[1]) : 1;
  pthread_t other;
  if (pthread_create(&other, NULL, ask, (void *)0x1000000L) != 0) return 4;
  ask(NULL);
  pthread_join(other, NULL);
  return 0;
}
