/*
 * tree outside USER OWNER beside|first COMMAND [ARGUMENT]...  Runs the command as the first user (-1: as this one), and
 *     waits for all processes that it leaves. `beside`: beside a process of the second user, whose ID is in OUTSIDER, and
 *     which must live on; init.h. `first`: as the init of a PID namespace.
 * tree escapes  Prints the names of the ways to leave a tree.
 * tree escape NAME  Leaves its tree in this way: prints `ready` or `cannot ERRNO`, and ends when its standard input does.
 * tree reach [PID]  Tries to signal, read, write and change this process or else the guardian of its own tree, which it also
 *     tries to kill. Prints a line for each way: its name, and 0 if it succeeded, else the errno; then as `escape` does.
 * tree early WAY TIMES  Tries one of these ways as early and as often, and prints its name and 0 if it succeeded once.
 * tree fill MOST, tree bomb MOST LIMIT, tree spin COUNT SESSIONS [WAY]...  Ignore signals and keep CPUs busy: load.h. Print `ready`.
 * tree hold  Waits to be ended.
 */
#define _GNU_SOURCE
#include "chain.h"
#include "common.h"
#include "escapes.h"
#include "init.h"
#include "load.h"
#include "reach.h"

static const struct {
  const char* name;
  int (*leave)(void);
} escapes[] = {
    {"nothing", leave_nothing},
    {"a child", leave_child},
    {"a session of its own", leave_session},
    {"a process group of its own", leave_group},
    {"two forks", leave_by_two_forks},
    {"twenty forks, each to a session of its own", leave_by_twenty_forks},
    {"nohup and setsid", leave_by_nohup},
    {"ignored signals, before an execve", leave_ignoring},
    {"a stopped process", leave_stopped},
    {"signals to all that it may signal", leave_killing_all},
    {"vfork", leave_in_vfork},
    {"zombies", leave_zombies},
    {"a subreaper", leave_to_subreaper},
    {"a child of the starting process", leave_as_sibling},
    {"a zombie of the starting process", leave_dead_sibling},
    {"a process whose first thread has ended", leave_without_first_thread},
    {"a tracer that stops a process at its end", leave_traced},
    {"a user and a PID namespace", leave_by_namespaces},
    {"all namespaces", leave_by_all_namespaces},
    {"unshare -Urpf", leave_by_unshare},
    {"a child of the starting process in a PID namespace", leave_sibling_in_namespace},
    {"a process in a PID namespace, and its parent outside", leave_beside_namespace},
    {"Landlock domains of its own", leave_by_domains},
    {"a process that is not dumpable", leave_undumpable},
    {"another user", leave_as_another_user},
    {"a set-user-ID program", leave_by_set_user_id},
    {"forks without pause", leave_forking},
};
enum { ESCAPES = sizeof escapes / sizeof *escapes };

/* Ends when standard input does. */
static int await_end(void) {
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  return 0;
}

static int escape(const char* name) {
  for (int i = 0; i < ESCAPES; i++) {
    if (strcmp(escapes[i].name, name) != 0) continue;
    open_places();
    int count = escapes[i].leave();
    int error = errno;
    if (count >= 0) await_places(count);
    if (count < 0) dprintf(1, "cannot %d\n", error);
    dprintf(1, "ready\n");
    return await_end();
  }
  errno = EINVAL;
  must(0, name);
  return 125;
}

static int usage(void) {
  fprintf(stderr, "tree: see tree.c\n");
  return 125;
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "outside") == 0 && count > 5) return outside(arguments + 2);
  if (strcmp(what, "escape") == 0 && count == 3) return escape(arguments[2]);
  if (strcmp(what, "hold") == 0) hold();
  if (strcmp(what, "stay") == 0) stay();
  if (strcmp(what, "escapes") == 0) {
    for (int i = 0; i < ESCAPES; i++) puts(escapes[i].name);
    return 0;
  }
  if (strcmp(what, "reach") == 0) {
    pid_t process = count == 3 ? atoi(arguments[2]) : guardian();
    must(process > 0, "no other process");
    reach(process, count == 2);
    dprintf(1, "ready\n");
    return await_end();
  }
  if (strcmp(what, "early") == 0 && count == 4) {
    reach_early(arguments[2], atoi(arguments[3]));
    dprintf(1, "ready\n");
    return await_end();
  }
  if (strcmp(what, "bomb") == 0 && count == 4) bomb(atoi(arguments[2]), atoi(arguments[3]));
  else if (strcmp(what, "fill") == 0 && count == 3) fill(atoi(arguments[2]));
  else if (strcmp(what, "spin") == 0 && count > 3) spin(atoi(arguments[2]), atoi(arguments[3]), arguments + 4);
  else return usage();
  dprintf(1, "ready\n");
  hold();
}
