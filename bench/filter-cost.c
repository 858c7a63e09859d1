/* Measures the time to attach filters, and of calls under them. `filter-cost ROUNDS` reads lines from standard input:
 *   filter PATH             a file of struct sock_filter[]
 *   call NUMBER A0 … A5     a call to make under each filter; number and arguments in hex
 * In every round, one child for each filter attaches it and makes each call; another child does so without a filter.
 * Prints a line for each round and child, the one without a filter first: nanoseconds to attach, then for each call
 * nanoseconds and the resulting errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16, BATCHES = 5, CALLS = 1000 };

struct call {
  long number, arguments[6];
};

struct result {
  double attach;
  struct {
    double time;
    int error;
  } calls[MOST];
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static long make(const struct call *call) {
  const long *a = call->arguments;
  return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Nanoseconds a call: the fastest of a few batches, which no interrupt disturbed. */
static double cost(const struct call *call) {
  double least = 1e18;
  for (int batch = 0; batch < BATCHES; batch++) {
    double start = now();
    for (int i = 0; i < CALLS; i++) make(call);
    double time = (now() - start) / CALLS;
    if (time < least) least = time;
  }
  return least;
}

/* Runs in the child. A filter may deny every call, even exit_group: the results go to shared memory, and an illegal
 * instruction ends the child. */
static void measure(const struct sock_fprog *program, const struct call *calls, int count, struct result *result) {
  if (program->len != 0) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    double start = now();
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0) _exit(1);
    result->attach = now() - start;
  } else {
    result->attach = 0;
  }
  for (int i = 0; i < count; i++) {
    errno = 0;
    result->calls[i].error = make(&calls[i]) == -1 ? errno : 0;
    result->calls[i].time = cost(&calls[i]);
  }
  __builtin_trap();
}

int main(int argc, char **argv) {
  static struct sock_filter filters[MOST][BPF_MAXINSNS];
  struct sock_fprog programs[MOST] = {{0}};
  struct call calls[MOST];
  int programCount = 1, callCount = 0; /* Program 0 is no filter. */
  char line[4096];
  if (argc != 2) return 2;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    struct call *call = &calls[callCount];
    long *a = call->arguments;
    if (!strncmp(line, "filter ", 7) && programCount < MOST) {
      FILE *file = fopen(line + 7, "rb");
      if (file == NULL) return perror(line), 1;
      struct sock_filter *filter = filters[programCount];
      programs[programCount].len = (unsigned short)fread(filter, sizeof *filter, BPF_MAXINSNS, file);
      programs[programCount++].filter = filter;
      fclose(file);
    } else if (callCount < MOST && sscanf(line, "call %lx %lx %lx %lx %lx %lx %lx", &call->number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]) == 7) {
      callCount++;
    } else {
      return fprintf(stderr, "%s: not understood\n", line), 2;
    }
  }
  struct result *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (result == MAP_FAILED) return perror("mmap"), 1;
  setrlimit(RLIMIT_CORE, &(struct rlimit){0});
  /* Runs all rounds on the same CPU. */
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(sched_getcpu(), &cpu);
  sched_setaffinity(0, sizeof cpu, &cpu);
  for (long round = atol(argv[1]); round > 0; round--) {
    struct result results[MOST];
    for (int turn = 0; turn < programCount; turn++) {
      int status, i = (int)((turn + round) % programCount); /* Another child is the first in each round. */
      pid_t child = fork();
      if (child == 0) measure(&programs[i], calls, callCount, result);
      if (child < 0 || waitpid(child, &status, 0) < 0) return perror("child"), 1;
      if (!WIFSIGNALED(status) || (WTERMSIG(status) != SIGILL && WTERMSIG(status) != SIGTRAP)) {
        return fprintf(stderr, "child %d did not finish: status 0x%x\n", i, status), 1;
      }
      results[i] = *result;
    }
    for (int i = 0; i < programCount; i++) {
      printf("%.0f", results[i].attach);
      for (int j = 0; j < callCount; j++) printf(" %.3f %d", results[i].calls[j].time, results[i].calls[j].error);
      printf("\n");
    }
  }
  return 0;
}
