/*
 * Uses what the option `limits` limits, always within a bound of its own:
 *
 *   hog MEGABYTES     writes to that much memory, and prints `all`.
 *   bomb PROCESSES    has every process start others until that many were started or one could not be; prints the number.
 *   spin MS           uses that much CPU time, and prints the milliseconds that this has taken.
 *   pause SECONDS     waits that long.
 *   leave PLACE LEAF  tries to leave the cgroup, which is LEAF in PLACE, and to change its limits; prints an errno for each way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int hog(long megabytes) {
  for (long i = 0; i < megabytes; i++) {
    char *memory = malloc(1 << 20);
    if (memory == NULL) return 3;
    memset(memory, 1, 1 << 20);
  }
  puts("all");
  return 0;
}

/*
 * The numbers are shared by all processes: of attempts, and of successes. The first process waits until another one has
 * reached a limit, and the others until the first one has ended.
 */
static int bomb(int most) {
  int *numbers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int done[2], alive[2];
  char byte;
  if (numbers == MAP_FAILED || pipe(done) != 0 || pipe(alive) != 0) return 3;
  pid_t first = getpid();
  for (;;) {
    if (__atomic_add_fetch(&numbers[0], 1, __ATOMIC_SEQ_CST) > most) break;
    pid_t child = fork();
    if (child > 0) __atomic_add_fetch(&numbers[1], 1, __ATOMIC_SEQ_CST);
    if (child == 0) close(alive[1]);
    if (child < 0) break;
  }
  if (getpid() != first) {
    if (write(done[1], "", 1) < 0) _exit(1);
    _exit(read(alive[0], &byte, 1) == 0 ? 0 : 1);
  }
  if (numbers[1] > 1 && read(done[0], &byte, 1) < 0) return 3;
  printf("%d\n", numbers[1]);
  return numbers[1] >= most ? 0 : 4;
}

static long milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int spin(long duration) {
  long start = milliseconds(CLOCK_MONOTONIC);
  while (milliseconds(CLOCK_PROCESS_CPUTIME_ID) < duration) continue;
  printf("%ld\n", milliseconds(CLOCK_MONOTONIC) - start);
  return 0;
}

/* Writes a text to a file in a cgroup. Returns 0 or an errno. */
static int change(const char *directory, const char *name, const char *text) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  int error = write(file, text, strlen(text)) < 0 ? errno : 0;
  close(file);
  return error;
}

static int leave(const char *place, const char *leaf) {
  char inner[4096];
  snprintf(inner, sizeof inner, "%s/inner", leaf);
  printf("%d %d %d %d %d %d\n", change(place, "cgroup.procs", "0"), change(leaf, "cgroup.procs", "0"),
         change(leaf, "memory.max", "max"), change(leaf, "pids.max", "max"), chmod(leaf, 0777) == 0 ? 0 : errno,
         mkdir(inner, 0755) == 0 ? 0 : errno);
  return 0;
}

int main(int argc, char **argv) {
  const char *mode = argc > 2 ? argv[1] : "";
  if (strcmp(mode, "hog") == 0) return hog(atol(argv[2]));
  if (strcmp(mode, "bomb") == 0) return bomb(atoi(argv[2]));
  if (strcmp(mode, "spin") == 0) return spin(atol(argv[2]));
  if (strcmp(mode, "pause") == 0) return (int)sleep((unsigned)atoi(argv[2]));
  if (strcmp(mode, "leave") == 0 && argc == 4) return leave(argv[2], argv[3]);
  fputs("usage: usage hog|bomb|spin|pause NUMBER, or leave PLACE LEAF\n", stderr);
  return 2;
}
