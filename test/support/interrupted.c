/*
 * interrupted COUNT MICROSECONDS RESTART: makes COUNT calls of sched_get_priority_min(2) while a timer sends SIGALRM
 * every MICROSECONDS. The signal has a handler, with SA_RESTART if RESTART is 1. Prints the number of calls that failed
 * with EBADFD, with EINTR and in another way, and the number of signals.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static volatile long signals;

static void caught(int number) {
  (void)number;
  signals++;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long count = atol(argv[1]), denied = 0, interrupted = 0, others = 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = caught;
  action.sa_flags = atoi(argv[3]) == 1 ? SA_RESTART : 0;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, atol(argv[2])}, {0, atol(argv[2])}};
  setitimer(ITIMER_REAL, &timer, NULL);
  for (long i = 0; i < count; i++) {
    if (syscall(SYS_sched_get_priority_min, i) != -1) others++;
    else if (errno == EBADFD) denied++;
    else if (errno == EINTR) interrupted++;
    else others++;
  }
  timer = (struct itimerval){{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &timer, NULL);
  printf("%ld %ld %ld %ld\n", denied, interrupted, others, signals);
  return 0;
}
