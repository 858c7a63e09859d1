/*
 * Uses what limits that are sampled are about, in a way that hides it or is fast, always within a bound of its own:
 *
 *   uses WAY NUMBER
 *
 * Prints `cannot ERRNO` if the way is not open to this user; else `ready` when NUMBER is used up, and waits to be ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int hold(void) {
  puts("ready");
  fflush(stdout);
  while (pause() < 0) continue;
  return 0;
}

static int cannot(void) {
  printf("cannot %d\n", errno);
  return 0;
}

static int fill(long megabytes) {
  for (long i = 0; i < megabytes; i++) {
    char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return cannot();
    memset(memory, 1, 1 << 20);
  }
  return hold();
}

/* Other processes have half of it each. */
static int two(long megabytes) {
  for (int i = 0; i < 2; i++)
    if (fork() == 0) return fill(megabytes / 2);
  return hold();
}

static int undumpable(long megabytes) {
  return prctl(PR_SET_DUMPABLE, 0) == 0 ? fill(megabytes) : cannot();
}

static void *fill_in_thread(void *megabytes) {
  /* The kernel shows no memory of a first thread that has ended. */
  for (char first = 'x'; first != '0';) {
    int file = open("/proc/self/statm", O_RDONLY);
    if (read(file, &first, 1) < 0) return NULL;
    close(file);
  }
  fill((long)megabytes);
  return NULL;
}

static int headless(long megabytes) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, fill_in_thread, (void *)megabytes) == 0) pthread_exit(NULL);
  return cannot();
}

/* An orphan in a session of its own. */
static int daemonize(long megabytes) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) return fill(megabytes);
    _exit(0);
  }
  return hold();
}

static int nested(long megabytes) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0 && unshare(CLONE_NEWPID) != 0) return cannot();
  if (fork() == 0) return fill(megabytes);
  return hold();
}

/* A name that looks like the rest of /proc/PID/stat. */
static int named(long megabytes) {
  prctl(PR_SET_NAME, ") Z 0 0 0 0 (");
  return fill(megabytes);
}

static int children(long count) {
  prctl(PR_SET_NAME, ") Z 0 0 0 0 (");
  for (long i = 0; i < count; i++)
    if (fork() == 0) return hold();
  return hold();
}

static void *wait_in_thread(void *none) {
  for (;;) pause();
  return none;
}

static int threads(long count) {
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_in_thread, NULL) != 0) return cannot();
  }
  return hold();
}

/* Every process starts others, until there are as many as the bound. */
static int bomb(long most) {
  long *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (count == MAP_FAILED) return cannot();
  while (__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) < most)
    if (fork() < 0) break;
  return hold();
}

static int spin(long rounds) {
  for (volatile long i = 0; i < rounds * 1000000; i++) continue;
  return hold();
}

/* The time is used by many processes, none of which lives for long. */
static int waited(long rounds) {
  for (long i = 0; i < rounds; i++) {
    pid_t child = fork();
    if (child == 0) {
      for (volatile long j = 0; j < 1000000; j++) continue;
      _exit(0);
    }
    if (child > 0) waitpid(child, NULL, 0);
  }
  return hold();
}

/* What the guardian can't count. Ends by itself, after it has written for longer than the guardian's pauses. */
static int unmapped(long megabytes) {
  static char page[1 << 20] = {1};
  int file = memfd_create("unmapped", 0);
  for (long i = 0; i < 50 * megabytes; i++)
    if (pwrite(file, page, sizeof page, i % megabytes << 20) != sizeof page) return cannot();
  puts("ready");
  return 0;
}

static const struct {
  const char *name;
  int (*use)(long);
} ways[] = {
    {"fill", fill},     {"two", two},           {"undumpable", undumpable}, {"headless", headless}, {"daemonize", daemonize},
    {"nested", nested}, {"named", named},       {"children", children},     {"threads", threads},   {"bomb", bomb},
    {"spin", spin},     {"waited", waited},     {"unmapped", unmapped},
};

int main(int argc, char **argv) {
  for (size_t i = 0; argc == 3 && i < sizeof ways / sizeof *ways; i++)
    if (strcmp(argv[1], ways[i].name) == 0) return ways[i].use(atol(argv[2]));
  return 2;
}
