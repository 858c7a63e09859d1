/*
 * Ways to signal, read, write and change a process. Each returns -1 with errno if it fails, and succeeds for a process
 * that is neither isolated from this one nor of another user.
 */
#pragma once

#include <dirent.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <sys/uio.h>

#include "common.h"

static pid_t target;
/* The signal of the ways below. */
static int number;

static int pidfd_of_target(void) { return (int)syscall(434, target, 0); }

static long fail(int error) {
  errno = error;
  return -1;
}

/* Closes a descriptor, and keeps errno. */
static long closing(int descriptor, long result) {
  int error = errno;
  if (descriptor >= 0) close(descriptor);
  errno = error;
  return result;
}

static long by_kill(void) { return kill(target, number); }
static long by_tkill(void) { return syscall(SYS_tkill, target, number); }
static long by_tgkill(void) { return syscall(SYS_tgkill, target, target, number); }
static long by_kill_of_group(void) { return kill(-getpgid(target), number); }

static long by_queue(void) {
  siginfo_t info = {.si_code = SI_QUEUE};
  return syscall(SYS_rt_sigqueueinfo, target, number, &info);
}

static long by_queue_of_thread(void) {
  siginfo_t info = {.si_code = SI_QUEUE};
  return syscall(SYS_rt_tgsigqueueinfo, target, target, number, &info);
}

static long by_pidfd(void) {
  int pidfd = pidfd_of_target();
  return pidfd < 0 ? -1 : closing(pidfd, syscall(424, pidfd, number, NULL, 0));
}

/* Whether a signal is pending for the target. */
static int is_pending(int signal) {
  char path[64], line[128];
  unsigned long long bits, all = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)target);
  FILE* file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, "SigPnd: %llx", &bits) == 1 || sscanf(line, "ShdPnd: %llx", &bits) == 1) all |= bits;
  if (file != NULL) fclose(file);
  return (int)(all >> (signal - 1)) & 1;
}

/* A signal that the kernel sends when a pipe of this process becomes readable: F_SETOWN of fcntl(2). */
static long by_owner_of(pid_t owner) {
  int ends[2];
  must(pipe(ends) == 0, "pipe");
  for (int each = 0; each < 2; each++) {
    int signal = each == 0 ? SIGUSR1 : number; /* Stopping and killing leave nothing pending. */
    if (fcntl(ends[0], F_SETOWN, owner) != 0) return -1;
    must(fcntl(ends[0], F_SETSIG, signal) == 0 && fcntl(ends[0], F_SETFL, O_ASYNC) == 0, "fcntl");
    must(write(ends[1], "x", 1) == 1, "write");
  }
  close(ends[0]);
  return closing(ends[1], is_pending(SIGUSR1) ? 0 : fail(EPERM));
}

static long by_owner(void) { return by_owner_of(target); }
static long by_owner_group(void) { return by_owner_of(-getpgid(target)); }

static const char* of_target(const char* file) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)target, file);
  return path;
}

static long opened(const char* file, int flags) {
  int descriptor = open(of_target(file), flags | O_CLOEXEC);
  return descriptor < 0 ? -1 : closing(descriptor, 0);
}

static long open_memory(void) { return opened("mem", O_RDWR); }
static long open_thread_memory(void) {
  char file[32];
  snprintf(file, sizeof file, "task/%d/mem", (int)target);
  return opened(file, O_RDWR);
}
static long read_maps(void) { return opened("maps", O_RDONLY); }
static long read_auxiliary_vector(void) { return opened("auxv", O_RDONLY); }
static long open_descriptors(void) { return opened("fd", O_RDONLY | O_DIRECTORY); }
static long enter_root(void) { return opened("root", O_RDONLY); }
static long enter_directory(void) { return opened("cwd", O_RDONLY); }
static long open_namespace(void) { return opened("ns/mnt", O_RDONLY); }
static long open_program(void) { return opened("exe", O_RDONLY); }

/* Nothing is mapped at this address: a caller with permission gets EFAULT. */
static long vm(long call) {
  char byte = 0;
  struct iovec local = {&byte, 1}, remote = {(void*)16, 1};
  long result = syscall(call, target, &local, 1, &remote, 1, 0);
  return result < 0 && errno == EFAULT ? 0 : result;
}
static long read_memory(void) { return vm(SYS_process_vm_readv); }
static long write_memory(void) { return vm(SYS_process_vm_writev); }

static long advise(void) {
  struct iovec remote = {NULL, 4096};
  int pidfd = pidfd_of_target();
  if (pidfd < 0) return -1;
  long result = closing(pidfd, syscall(440, pidfd, &remote, 1, MADV_COLD, 0));
  return result < 0 && errno == ENOMEM ? 0 : result;
}

static long take_descriptor(void) {
  int pidfd = pidfd_of_target();
  if (pidfd < 0) return -1;
  int taken = (int)closing(pidfd, syscall(438, pidfd, 0, 0));
  return taken < 0 ? -1 : closing(taken, 0);
}

static long enter_by_pidfd(void) {
  int pidfd = pidfd_of_target();
  if (pidfd < 0) return -1;
  long result = closing(pidfd, syscall(SYS_setns, pidfd, CLONE_NEWUSER));
  return result < 0 && errno == EINVAL ? 0 : result; /* It is the caller's own namespace. */
}

static long seize(void) {
  if (ptrace(PTRACE_SEIZE, target, 0, 0) != 0) return -1;
  ptrace(PTRACE_INTERRUPT, target, 0, 0);
  waitpid(target, NULL, __WALL);
  return ptrace(PTRACE_DETACH, target, 0, 0);
}

static long attach(void) {
  if (ptrace(PTRACE_ATTACH, target, 0, 0) != 0) return -1;
  waitpid(target, NULL, __WALL);
  return ptrace(PTRACE_DETACH, target, 0, 0);
}

static long read_robust_list(void) {
  void* head;
  size_t size;
  return syscall(SYS_get_robust_list, target, &head, &size);
}

static long compare(void) { return syscall(SYS_kcmp, getpid(), target, KCMP_VM, 0, 0) < 0 ? -1 : 0; }

static long watch_events(void) {
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .exclude_kernel = 1};
  int descriptor = (int)syscall(SYS_perf_event_open, &attributes, target, -1, -1, 0);
  return descriptor < 0 ? -1 : closing(descriptor, 0);
}

static long share_core(void) { return prctl(62 /* PR_SCHED_CORE */, 2 /* SHARE_TO */, target, 0, 0); }

static long limit(int resource) {
  struct rlimit now;
  if (prlimit(target, resource, NULL, &now) != 0) return -1;
  return prlimit(target, resource, &now, NULL);
}
static long limit_cpu(void) { return limit(RLIMIT_CPU); }
static long limit_descriptors(void) { return limit(RLIMIT_NOFILE); }

/* Writes a file of the target in /proc. */
static long written(const char* file, const char* text) {
  int descriptor = open(of_target(file), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  long result = closing(descriptor, write(descriptor, text, strlen(text)));
  return result < 0 && errno == EAGAIN ? 0 : result; /* autogroup: an ordinary user may write it ten times a second */
}
static long raise_oom_score(void) { return written("oom_score_adj", "1000"); }
static long lower_autogroup(void) { return written("autogroup", "19"); }
static long write_coredump_filter(void) { return written("coredump_filter", "0"); }
static long clear_references(void) { return written("clear_refs", "1"); }
static long write_sched(void) { return written("sched", "0"); }

/* Isolation leaves these open, and the guardian's filter does not. */
static long make_idle(void) {
  struct sched_param none = {0};
  return syscall(SYS_sched_setscheduler, target, SCHED_IDLE, &none); /* That of musl does nothing. */
}
static long lower_priority(void) { return setpriority(PRIO_PROCESS, (id_t)target, 19); }
static long lower_priority_of_group(void) { return setpriority(PRIO_PGRP, (id_t)getpgid(target), 19); }
/* Not of root: that would be most of a machine's processes. */
static long lower_priority_of_user(void) {
  return getuid() == 0 ? -1 : setpriority(PRIO_USER, getuid(), getpriority(PRIO_PROCESS, 0));
}
static long bind_to_cpu(void) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  return sched_setaffinity(target, sizeof first, &first);
}
static long lower_io_priority(void) { return syscall(SYS_ioprio_set, 1, target, 3 << 13); }
static long lower_io_priority_of_user(void) {
  return getuid() == 0 ? -1 : syscall(SYS_ioprio_set, 3, getuid(), 2 << 13 | 4);
}

struct way {
  const char* name;
  long (*attempt)(void);
};

/* Those that a signal ends. */
static const struct way signals[] = {
    {"kill", by_kill},
    {"tkill", by_tkill},
    {"tgkill", by_tgkill},
    {"kill its group", by_kill_of_group},
    {"rt_sigqueueinfo", by_queue},
    {"rt_tgsigqueueinfo", by_queue_of_thread},
    {"pidfd_send_signal", by_pidfd},
    {"F_SETOWN", by_owner},
    {"F_SETOWN of its group", by_owner_group},
};

static const struct way others[] = {
    {"mem", open_memory},
    {"task/mem", open_thread_memory},
    {"maps", read_maps},
    {"auxv", read_auxiliary_vector},
    {"fd", open_descriptors},
    {"root", enter_root},
    {"cwd", enter_directory},
    {"ns", open_namespace},
    {"exe", open_program},
    {"process_vm_readv", read_memory},
    {"process_vm_writev", write_memory},
    {"process_madvise", advise},
    {"pidfd_getfd", take_descriptor},
    {"setns", enter_by_pidfd},
    {"PTRACE_SEIZE", seize},
    {"PTRACE_ATTACH", attach},
    {"get_robust_list", read_robust_list},
    {"kcmp", compare},
    {"perf_event_open", watch_events},
    {"PR_SCHED_CORE", share_core},
    {"prlimit of CPU time", limit_cpu},
    {"prlimit of descriptors", limit_descriptors},
    {"oom_score_adj", raise_oom_score},
    {"autogroup", lower_autogroup},
    {"coredump_filter", write_coredump_filter},
    {"clear_refs", clear_references},
    {"sched", write_sched},
    {"scheduling: SCHED_IDLE", make_idle},
    {"scheduling: priority of its user", lower_priority_of_user},
    {"scheduling: priority", lower_priority},
    {"scheduling: priority of its group", lower_priority_of_group},
    {"scheduling: affinity", bind_to_cpu},
    {"scheduling: I/O priority", lower_io_priority},
    {"scheduling: I/O priority of its user", lower_io_priority_of_user},
};

static void try_ways(const struct way* ways, size_t count, const char* suffix) {
  for (size_t i = 0; i < count; i++) {
    errno = 0;
    long result = ways[i].attempt();
    dprintf(1, "%s%s: %d\n", ways[i].name, suffix, result < 0 ? errno : 0);
  }
}

/* Attacks the process, which must not be this one's ancestor. With `kills`, it is killed too. */
static void reach(pid_t process, int kills) {
  target = process;
  signal(SIGUSR1, SIG_IGN);
  number = SIGSTOP;
  try_ways(signals, sizeof signals / sizeof *signals, ", SIGSTOP");
  if (!kills) kill(target, SIGCONT);
  try_ways(others, sizeof others / sizeof *others, "");
  number = SIGKILL;
  if (kills) try_ways(signals, sizeof signals / sizeof *signals, ", SIGKILL");
}

/* The other child of this process's parent: the guardian of this tree. 0 if there is none. */
static pid_t guardian(void) {
  char path[64];
  int pid = 0;
  snprintf(path, sizeof path, "/proc/%d/task", (int)getppid());
  DIR* threads = opendir(path);
  must(threads != NULL, path);
  for (struct dirent* thread = readdir(threads); thread != NULL && pid == 0; thread = readdir(threads)) {
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)getppid(), thread->d_name);
    FILE* children = fopen(path, "re");
    while (children != NULL && fscanf(children, "%d", &pid) == 1 && pid == getpid()) pid = 0;
    if (children != NULL) fclose(children);
  }
  closedir(threads);
  return pid;
}

/* Tries one way again and again from the start on, when the guardian may not have executed its program yet. */
static void reach_early(const char* name, int times) {
  const struct way* way = NULL;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i].name, name) == 0) way = others + i;
  must(way != NULL, name);
  int error = 0;
  target = guardian();
  must(target > 0, "no other process");
  for (; times > 0; times--) {
    if (way->attempt() >= 0) break;
    error = errno;
  }
  dprintf(1, "%s: %d\n", name, times > 0 ? 0 : error);
}
