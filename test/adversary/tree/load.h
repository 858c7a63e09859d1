/* What bench/hostile-trees.ts measures: processes that keep the CPUs busy while they are ended. */
#pragma once

#include <limits.h>

#include "chain.h"
#include "common.h"
#include "reach.h"

/*
 * Waits for a byte. Then has `most` processes that fork, leave their sessions and end without pause; `limit` is that of all
 * processes of the user, those included that are ending.
 */
static void bomb(int most, int limit) {
  char byte;
  struct rlimit processes = {(rlim_t)limit, (rlim_t)limit};
  must(setrlimit(RLIMIT_NPROC, &processes) == 0, "setrlimit");
  must(read(0, &byte, 1) == 1, "read");
  ignore_signals();
  start_chain(most, INT_MAX);
}

/* Waits for a byte. Then all processes fork until they are `most`, each in a session of its own, and wait to be ended. */
static void fill(int most) {
  char byte;
  must(read(0, &byte, 1) == 1, "read");
  ignore_signals();
  int* count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(count != MAP_FAILED, "mmap");
  *count = 1;
  open_places();
  pid_t first = getpid();
  while (__atomic_fetch_add(count, 1, __ATOMIC_RELAXED) < most) {
    if (child() != 0) continue;
    setsid();
    in_place();
  }
  if (getpid() != first) hold();
  await_places(most - 1);
}

/* The CPU on which a process has run last: field 39 of proc_pid_stat(5). */
static int cpu_of(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  must(file >= 0, path);
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  must(size > 0, path);
  text[size] = '\0';
  const char* field = strrchr(text, ')');
  for (int number = 2; number < 39; number++) field = strchr(field + 1, ' ');
  return atoi(field);
}

/*
 * Changes the guardian in these ways, and starts processes that use its CPU, each in a session of its own with
 * `have_sessions`. Prints the ways that fail.
 */
static void spin(int count, int have_sessions, char** ways) {
  target = guardian();
  must(target > 0, "no guardian");
  for (; *ways != NULL; ways++)
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
      if (strcmp(others[i].name, *ways) == 0 && others[i].attempt() < 0) dprintf(1, "%s\n", *ways);
  ignore_signals();
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(cpu_of(target), &cpu);
  open_places();
  for (int i = 0; i < count; i++) {
    if (child() != 0) continue;
    if (have_sessions) setsid();
    must(sched_setaffinity(0, sizeof cpu, &cpu) == 0, "sched_setaffinity");
    in_place();
    for (;;) continue;
  }
  await_places(count);
}
