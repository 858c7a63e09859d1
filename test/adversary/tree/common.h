/* What all parts of tree.c share. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptors of the pipe by which a process of a tree says that it is in its place. A shell can write to 9. */
enum { PLACES = 8, PLACED = 9 };

/* A process that was not ended by mistake ends after these seconds. */
enum { LONGEST = 1200 };

static void must(int succeeds, const char* what) {
  if (succeeds) return;
  fprintf(stderr, "tree: %s: %s\n", what, strerror(errno));
  exit(125);
}

static void open_places(void) {
  int ends[2];
  must(pipe(ends) == 0 && dup2(ends[0], PLACES) == PLACES && dup2(ends[1], PLACED) == PLACED, "pipe");
  close(ends[0]);
  close(ends[1]);
}

static void in_place(void) { must(write(PLACED, "p", 1) == 1, "write"); }

/* Waits until this many processes are in their places. */
static void await_places(int count) {
  char byte;
  for (; count > 0; count--) must(read(PLACES, &byte, 1) == 1, "read");
}

static void ignore_signals(void) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
}

/* Waits to be ended, and can only be ended by SIGKILL. */
__attribute__((noreturn)) static void hold(void) {
  ignore_signals();
  struct timeval longest = {LONGEST, 0};
  while (select(0, NULL, NULL, NULL, &longest) != 0) continue;
  _exit(0);
}

/* Says that this process is in its place, and stays there. */
__attribute__((noreturn)) static void stay(void) {
  in_place();
  hold();
}

/* fork(2), which must succeed. */
static pid_t child(void) {
  pid_t pid = fork();
  must(pid >= 0, "fork");
  return pid;
}

/* The state of a process in /proc, such as 'Z', or 0 if there is none. */
static char state_of(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* end = strrchr(text, ')');
  return end == NULL ? 0 : end[2];
}

/* Waits until a process has this state. */
static void await_state(pid_t pid, const char* states) {
  for (char state = state_of(pid); state != 0 && strchr(states, state) == NULL; state = state_of(pid)) sched_yield();
}
