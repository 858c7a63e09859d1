/* Processes that fork and leave their session without pause, while they are ended. */
#pragma once

#include "common.h"

enum {
  MOST = 40,        /* processes, unless the variable MOST has another number; half as many don't end */
  STEPS = 50 * 1000 /* the forks of a chain that nobody ends */
};

struct chain {
  int most, last_step, alive, steps;
};

/* Forks where there are few processes, and ends where there are many. */
__attribute__((noreturn)) static void link_of(struct chain* chain) {
  while (__atomic_fetch_add(&chain->steps, 1, __ATOMIC_RELAXED) < chain->last_step) {
    if (__atomic_load_n(&chain->alive, __ATOMIC_RELAXED) < chain->most) {
      pid_t pid = fork();
      if (pid == 0) {
        setsid();
        __atomic_fetch_add(&chain->alive, 1, __ATOMIC_RELAXED);
      }
    } else if (__atomic_fetch_sub(&chain->alive, 1, __ATOMIC_RELAXED) > chain->most / 2) {
      _exit(0);
    } else {
      __atomic_fetch_add(&chain->alive, 1, __ATOMIC_RELAXED);
    }
  }
  _exit(0);
}

/* Returns once the chain has forked a few hundred times. */
static void start_chain(int most, int last_step) {
  struct chain* chain = mmap(NULL, sizeof *chain, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(chain != MAP_FAILED, "mmap");
  *chain = (struct chain){most, last_step, 1, 0};
  pid_t pid;
  do pid = fork();
  while (pid < 0 && errno == EAGAIN); /* The trees of a user share its limit. */
  must(pid >= 0, "fork");
  if (pid == 0) {
    ignore_signals();
    signal(SIGCHLD, SIG_IGN);
    setsid();
    link_of(chain);
  }
  while (__atomic_load_n(&chain->steps, __ATOMIC_RELAXED) < 500) sched_yield();
}

static int leave_forking(void) {
  struct rlimit limit = {4096, 4096};
  setrlimit(RLIMIT_NPROC, &limit);
  const char* most = getenv("MOST");
  start_chain(most == NULL ? MOST : atoi(most), STEPS);
  return 0;
}
