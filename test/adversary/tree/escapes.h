/*
 * Ways to leave a tree. Each leaves processes in their places, and returns their number, or -1 with errno if this user
 * or this kernel can't do it.
 */
#pragma once

#include "common.h"

struct ruleset {
  uint64_t files, network, scoped;
};

static int leave_nothing(void) { return 0; }

static int leave_child(void) {
  if (child() == 0) stay();
  return 1;
}

static int leave_session(void) {
  if (child() == 0) {
    setsid();
    stay();
  }
  return 1;
}

static int leave_group(void) {
  if (child() == 0) {
    setpgid(0, 0);
    stay();
  }
  return 1;
}

/* As a daemon does it: the process in the middle ends. */
static void fork_twice(void (*then)(void)) {
  pid_t middle = child();
  if (middle != 0) {
    waitpid(middle, NULL, 0);
    return;
  }
  setsid();
  if (child() == 0) then();
  _exit(0);
}

static int leave_by_two_forks(void) {
  fork_twice(stay);
  return 1;
}

static int leave_by_twenty_forks(void) {
  if (child() != 0) return 1;
  for (int i = 0; i < 20; i++) {
    setsid();
    if (child() != 0) _exit(0);
  }
  stay();
}

static int leave_by_shell(const char* script) {
  if (child() == 0) {
    execl("/bin/sh", "sh", "-c", script, NULL);
    _exit(127);
  }
  return 1;
}

static int leave_by_nohup(void) { return leave_by_shell("nohup setsid sh -c 'echo >&9; exec sleep 300' 2>/dev/null &"); }

/* The signals that can be ignored are ignored by execve as well. */
static int leave_ignoring(void) {
  if (child() == 0) {
    ignore_signals();
    in_place();
    execlp("tail", "tail", "-f", "/dev/null", NULL);
    _exit(127);
  }
  return 1;
}

static int leave_stopped(void) {
  pid_t pid = child();
  if (pid == 0) {
    raise(SIGSTOP);
    hold();
  }
  return waitpid(pid, NULL, WUNTRACED) == pid ? 0 : -1;
}

/* Signals all that it may: its own tree. */
static int leave_killing_all(void) {
  if (child() == 0) hold();
  kill(-1, SIGSTOP);
  kill(-1, SIGTERM);
  kill(-1, SIGKILL);
  return 0;
}

/* A process that waits in vfork(2), and its child. */
static int leave_in_vfork(void) {
  if (child() == 0) {
    setsid();
    if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) stay();
    _exit(0);
  }
  return 1;
}

/* A process with children that have ended, and that it doesn't wait for. */
static int leave_zombies(void) {
  if (child() == 0) {
    for (int i = 0; i < 50; i++) {
      pid_t pid = child();
      if (pid == 0) _exit(0);
      await_state(pid, "Z");
    }
    stay();
  }
  return 1;
}

/* A process that adopts those whose parents end. */
static int leave_to_subreaper(void) {
  if (child() == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int i = 0; i < 5; i++) fork_twice(stay);
    stay();
  }
  return 6;
}

/* A child of this process's parent, which is outside of the tree. Isolation denies clone(2) with this flag. */
static long clone_for_parent(void) {
  uint64_t arguments[8] = {CLONE_PARENT};
  return syscall(435, arguments, sizeof arguments); /* clone3 */
}

static int leave_as_sibling(void) {
  long pid = clone_for_parent();
  if (pid < 0) return -1;
  if (pid == 0) {
    setsid();
    stay();
  }
  return 1;
}

/* The same, which has ended already: a zombie of a process that doesn't know it. */
static int leave_dead_sibling(void) {
  long pid = clone_for_parent();
  if (pid == 0) _exit(0);
  if (pid > 0) await_state((pid_t)pid, "Z");
  return pid < 0 ? -1 : 0;
}

/* A thread after the end of the first one: /proc says that the process is a zombie. Its memory takes a while to free. */
static void* stay_as_thread(void* first) {
  await_state((pid_t)(intptr_t)first, "Z");
  stay();
}

static void leave_first_thread(void) {
  pthread_t thread;
  size_t size = 64 << 20;
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  must(memory != MAP_FAILED, "mmap");
  madvise(memory, size, MADV_NOHUGEPAGE);
  must(pthread_create(&thread, NULL, stay_as_thread, (void*)(intptr_t)getpid()) == 0, "pthread_create");
  syscall(SYS_exit, 0);
}

static int leave_without_first_thread(void) {
  if (child() == 0) leave_first_thread();
  return 1;
}

/* A traced process that stops where it would end, and its tracer, which lets nothing go on. */
static int leave_traced(void) {
  if (child() == 0) {
    pid_t traced = child();
    if (traced == 0) hold();
    if (ptrace(PTRACE_SEIZE, traced, 0, PTRACE_O_TRACEEXIT) == 0) ptrace(PTRACE_INTERRUPT, traced, 0, 0);
    waitpid(traced, NULL, __WALL);
    stay();
  }
  return 1;
}

/* Writes a file of /proc/self. */
static void set(const char* file, const char* text) {
  int descriptor = open(file, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  if (write(descriptor, text, strlen(text)) < 0) errno = 0; /* Not allowed for this user: the attack goes on without. */
  close(descriptor);
}

/* Enters new namespaces. */
static int enter_namespaces(int flags) {
  char users[64], groups[64];
  snprintf(users, sizeof users, "0 %d 1", (int)geteuid());
  snprintf(groups, sizeof groups, "0 %d 1", (int)getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID | flags) != 0) return -1;
  set("/proc/self/setgroups", "deny");
  set("/proc/self/uid_map", users);
  set("/proc/self/gid_map", groups);
  return 0;
}

/* In a new PID namespace: its init, which ignores signals, a process that left the session, and a nested namespace. */
static int leave_by_namespaces_of(int flags) {
  int result[2];
  must(pipe(result) == 0, "pipe");
  if (child() == 0) {
    int error = enter_namespaces(flags) == 0 ? 0 : errno;
    must(write(result[1], &error, sizeof error) == sizeof error, "write");
    if (error != 0) _exit(0);
    if (child() == 0) {
      fork_twice(stay);
      if (child() == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 && child() == 0) stay();
        stay();
      }
      stay();
    }
    stay();
  }
  int error = EIO;
  close(result[1]);
  must(read(result[0], &error, sizeof error) == sizeof error, "read");
  close(result[0]);
  errno = error;
  return error == 0 ? 5 : -1;
}

static int leave_by_namespaces(void) { return leave_by_namespaces_of(0); }

static int leave_by_all_namespaces(void) {
  return leave_by_namespaces_of(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
}

static int leave_by_unshare(void) {
  return leave_by_shell("unshare -Urpf sh -c 'echo >&9; exec sleep 300' 2>/dev/null || echo >&9");
}

/*
 * A child of this process's parent in a new PID namespace, whose init can't end before that child has been waited for:
 * pid_namespaces(7).
 */
static int leave_sibling_in_namespace(void) {
  if (enter_namespaces(0) != 0) return -1;
  if (child() == 0) stay();
  return leave_as_sibling() < 0 ? -1 : 2;
}

/* A zombie in a new PID namespace whose parent is outside of it and ends: its next parent is that of all orphans. */
static int leave_beside_namespace(void) {
  int result[2];
  must(pipe(result) == 0, "pipe");
  if (child() == 0) {
    int error = enter_namespaces(0) == 0 ? 0 : errno;
    must(write(result[1], &error, sizeof error) == sizeof error, "write");
    if (error != 0) _exit(0);
    if (child() == 0) stay();
    if (child() == 0) stay();
    stay();
  }
  int error = EIO;
  must(read(result[0], &error, sizeof error) == sizeof error, "read");
  errno = error;
  return error == 0 ? 3 : -1;
}

/* Domains of its own, as many as can be nested, the last of which scopes signals. */
static int leave_by_domains(void) {
  if (child() == 0) {
    struct ruleset attributes = {0, 0, 3};
    int ruleset = (int)syscall(444, &attributes, sizeof attributes, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    while (ruleset >= 0 && syscall(446, ruleset, 0) == 0) continue;
    setsid();
    stay();
  }
  return 1;
}

/* Not dumpable: the files of /proc belong to root. */
static int leave_undumpable(void) {
  if (child() == 0) {
    prctl(PR_SET_DUMPABLE, 0);
    setsid();
    stay();
  }
  return 1;
}

/* Another user, by a capability. */
static int leave_as_another_user(void) {
  uid_t user = geteuid() + 1;
  if (setresuid(-1, user, -1) != 0 || setresuid(-1, user - 1, -1) != 0) return -1;
  if (child() == 0) {
    setresuid(user, user, user);
    setsid();
    stay();
  }
  return 1;
}

/* Another user, by a set-user-ID program, which the variable SET_USER_ID names: it is a copy of this one. */
static int leave_by_set_user_id(void) {
  const char* program = getenv("SET_USER_ID");
  if (program == NULL) {
    errno = ENOENT;
    return -1;
  }
  if (child() == 0) {
    execl(program, program, "stay", NULL);
    _exit(127);
  }
  return 1;
}
