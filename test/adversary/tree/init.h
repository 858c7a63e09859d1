/*
 * The process that adopts all that the others leave, and a process outside of every tree. If possible they are in a new
 * PID namespace, so that a mistake can't end any other process of this machine.
 */
#pragma once

#include <grp.h>
#include <sys/mount.h>

#include "common.h"

/* The exit status of a process that could not be in a namespace of its own. */
enum { NO_NAMESPACE = 78 };

static void become(int user) {
  if (user < 0) return;
  must(setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0, "setresuid");
}

static int end_of(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) != pid) must(errno == EINTR, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Makes the calling process the parent of the first process of a new PID namespace. */
static int separate(void) {
  if (geteuid() == 0) return unshare(CLONE_NEWPID | CLONE_NEWNS);
  char users[64], groups[64];
  snprintf(users, sizeof users, "%d %d 1", (int)geteuid(), (int)geteuid());
  snprintf(groups, sizeof groups, "%d %d 1", (int)getegid(), (int)getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0) return -1;
  set("/proc/self/setgroups", "deny");
  set("/proc/self/uid_map", users);
  set("/proc/self/gid_map", groups);
  return 0;
}

/* Runs `then` in a namespace of its own, and returns its exit status, or NO_NAMESPACE. */
static int in_namespace(void (*then)(void)) {
  pid_t helper = child();
  if (helper != 0) return end_of(helper);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (separate() != 0) _exit(NO_NAMESPACE);
  pid_t first = child();
  if (first != 0) _exit(end_of(first));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("proc", "/proc", "proc", 0, NULL) != 0)
    _exit(NO_NAMESPACE);
  then();
  _exit(125);
}

static int user, owner;
static char** command;

static void run_command(void) {
  become(user);
  execvp(command[0], command);
  must(0, command[0]);
}

static FILE* children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE* file = fopen(path, "re");
  must(file != NULL, path);
  return file;
}

/* The number of children of this process, but one. */
static int children_but(pid_t one) {
  int pid, count = 0;
  FILE* file = children();
  while (fscanf(file, "%d", &pid) == 1) count += pid != one;
  fclose(file);
  return count;
}

/* Prints the number, state and name of these children. */
static void describe_children_but(pid_t one) {
  int pid;
  FILE* file = children();
  while (fscanf(file, "%d", &pid) == 1) {
    char path[64], name[64] = "\n";
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE* comm = fopen(path, "re");
    if (comm != NULL && fgets(name, sizeof name, comm) == NULL) name[0] = '\n';
    if (comm != NULL) fclose(comm);
    if (pid != one) fprintf(stderr, "tree: waits for %d %c %s", pid, state_of(pid), name);
  }
  fclose(file);
}

/* Runs the command beside the process outside, and waits for all that it leaves. */
static void run_beside(void) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t outsider = child();
  if (outsider == 0) {
    must(setsid() > 0, "setsid"); /* Attacks lower the priority of its group, and of the autogroup of its session. */
    become(owner);
    execl("/proc/self/exe", "tree", "hold", NULL);
    _exit(127);
  }
  while (getsid(outsider) != outsider) sched_yield();
  char number[16];
  snprintf(number, sizeof number, "%d", (int)outsider);
  setenv("OUTSIDER", number, 1);
  pid_t program = child();
  if (program == 0) run_command();
  int status = -1;
  do {
    int end;
    pid_t ended = waitpid(-1, &end, __WALL);
    must(ended > 0 && ended != outsider, "the process outside was ended");
    if (ended != program) continue;
    status = WIFEXITED(end) ? WEXITSTATUS(end) : 128 + WTERMSIG(end);
    describe_children_but(outsider);
  } while (status < 0 || children_but(outsider) > 0);
  kill(outsider, SIGKILL);
  _exit(status);
}

static int outside(char** arguments) {
  user = atoi(arguments[0]);
  owner = atoi(arguments[1]);
  int is_first = strcmp(arguments[2], "first") == 0;
  command = arguments + 3;
  int status = in_namespace(is_first ? run_command : run_beside);
  if (status == NO_NAMESPACE && !is_first) run_beside();
  return status;
}
