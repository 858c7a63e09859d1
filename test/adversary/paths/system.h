/* Attacks by mounts, namespaces, other processes, settings of the kernel, devices and programs. */
#pragma once

#include <linux/fs.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "sockets.h"

#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
enum { TREE_CLONE = 1, FROM_EMPTY_PATH = 4, SET_FLAG = 0, SET_STRING = 1, CREATE_FILESYSTEM = 6 };

static void put(const char* path, const char* format, int id) {
  char text[64];
  int file = open(path, O_WRONLY), size = snprintf(text, sizeof text, format, id);
  if (file >= 0) must(write(file, text, (size_t)size) == size && close(file) == 0, path);
}

/* For an ordinary user also a user namespace, which the others need. */
static int unshared(int flags) {
  int user = (int)geteuid(), group = (int)getegid();
  if (user == 0) return unshare(flags);
  if (unshare(flags | CLONE_NEWUSER)) return -1;
  /* Without these, no files can be made in new file systems. */
  put("/proc/self/setgroups", "deny", 0);
  put("/proc/self/uid_map", "0 %d 1", user);
  put("/proc/self/gid_map", "0 %d 1", group);
  return 0;
}

static int enter_namespace(void) {
  return unshared(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -1 : 0;
}

static long mount_over(void) {
  return enter_namespace() || mount("outside", "write/moving", NULL, MS_BIND, NULL) ? -1
                                                                                    : read_path("write/moving/secret");
}
static long mount_in_namespace(void) {
  return unshared(CLONE_NEWNS) || mount("outside", "write/moving", NULL, MS_BIND, NULL)
             ? -1
             : read_path("write/moving/secret");
}
static long mount_memory(void) {
  return enter_namespace() || mount("none", "outside", "tmpfs", 0, NULL)
             ? -1
             : open("outside/new", O_WRONLY | O_CREAT, 0600);
}
static long mount_proc(void) {
  return enter_namespace() ? -1 : mount("/proc", "write/moving", NULL, MS_BIND | MS_REC, NULL);
}
static long pivot(void) {
  if (enter_namespace() || mount("outside", "outside", NULL, MS_BIND, NULL) || chdir("outside")) return -1;
  return syscall(SYS_pivot_root, ".", ".") ? -1 : read_path("/secret");
}
static long change_root(void) { return unshared(0) || chroot("outside") || chdir("/") ? -1 : read_path("/secret"); }
static long change_root_by_descriptor(void) {
  int directory = open("outside", O_PATH);
  return unshared(0) || fchdir(directory) || chroot(".") ? -1 : read_path("/secret");
}
static int clone_tree(const char* path) {
  return unshared(CLONE_NEWNS) ? -1 : (int)syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE);
}
static long read_in_tree(void) {
  int tree = clone_tree("outside");
  return tree < 0 ? -1 : read_at(tree, "secret");
}
static long create_in_tree(void) {
  int tree = clone_tree("outside");
  return tree < 0 ? -1 : openat(tree, "new", O_WRONLY | O_CREAT, 0600);
}
static long move_tree(void) {
  int tree = enter_namespace() ? -1 : (int)syscall(SYS_open_tree, AT_FDCWD, "outside", TREE_CLONE);
  if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD, "write/moving", FROM_EMPTY_PATH)) return -1;
  return read_path("write/moving/secret");
}
static long use_new_filesystem(void) {
  int system = unshared(CLONE_NEWNS) ? -1 : (int)syscall(SYS_fsopen, "tmpfs", 0);
  if (system < 0 || syscall(SYS_fsconfig, system, CREATE_FILESYSTEM, NULL, NULL, 0)) return -1;
  int mounted = (int)syscall(SYS_fsmount, system, 0, 0);
  return mounted < 0 ? -1 : openat(mounted, "new", O_RDWR | O_CREAT, 0600);
}

/*
 * A file system that changes the lower layer, write/moving, by copies in the upper one, outside: it makes them without a
 * look at their paths, when metadata change.
 */
static long copy_up(const char* name, const char* copy) {
  struct stat status;
  char lower[256];
  snprintf(lower, sizeof lower, "%.*s/write/moving", (int)(strlen(secret) - strlen("/outside/secret")), secret);
  if (unshared(CLONE_NEWNS) || mkdir("write/empty", 0700)) return -1;
  int system = (int)syscall(SYS_fsopen, "overlay", 0);
  if (system < 0 || syscall(SYS_fsconfig, system, SET_STRING, "lowerdir", lower, 0)) return -1;
  if (syscall(SYS_fsconfig, system, SET_STRING, "upperdir", outside, 0)) return -1;
  snprintf(strrchr(lower, '/'), sizeof "/empty", "/empty");
  if (syscall(SYS_fsconfig, system, SET_STRING, "workdir", lower, 0)) return -1;
  syscall(SYS_fsconfig, system, SET_FLAG, "userxattr", NULL, 0); /* Needed in user namespaces, since Linux 5.11. */
  if (syscall(SYS_fsconfig, system, CREATE_FILESYSTEM, NULL, NULL, 0)) return -1;
  int mounted = (int)syscall(SYS_fsmount, system, 0, 0);
  if (mounted < 0 || utimensat(mounted, name, NULL, AT_SYMLINK_NOFOLLOW)) return -1;
  errno = ENODATA;
  return lstat(copy, &status) == 0 ? 0 : -1;
}
static long copy_link_up(void) {
  return symlink("/etc/passwd", "write/moving/link") ? -1 : copy_up("link", "outside/link");
}
static long copy_directory_up(void) {
  return mkdir("write/moving/new", 0700) ? -1 : copy_up("new", "outside/new");
}

/* Types a command into the shell of a terminal, of which the process outside has the other end. */
static long type_command(void) {
  int terminal = receive(GIVE_TERMINAL);
  char byte = '\n';
  if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0)) return -1;
  return ioctl(terminal, TIOCSTI, &byte);
}

static long open_by_handle(void) {
  struct {
    struct file_handle handle;
    unsigned char bytes[MAX_HANDLE_SZ];
  } of_secret = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount_id, on = open("read", O_RDONLY | O_DIRECTORY);
  if (on < 0 || name_to_handle_at(AT_FDCWD, "outside/secret", &of_secret.handle, &mount_id, 0)) return -1;
  return read_from(open_by_handle_at(on, &of_secret.handle, O_RDONLY));
}

/* The kernel opens what another process opens, and hands out the descriptor. */
static long open_by_notification(void) {
  struct fanotify_event_metadata event;
  int group = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
  if (group < 0 || fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "outside/secret")) return -1;
  ask(READ_SECRET);
  return read(group, &event, sizeof event) < 0 ? -1 : read_from(event.fd);
}

static long trace(void) {
  if (ptrace(PTRACE_SEIZE, outsider, 0, 0) != 0) return -1;
  ptrace(PTRACE_INTERRUPT, outsider, 0, 0);
  waitpid(outsider, NULL, __WALL);
  ptrace(PTRACE_DETACH, outsider, 0, 0);
  return 0;
}
static long open_memory(void) { return open(of(outsider, "mem"), O_RDWR); }
static long read_descriptor_of_other(void) { return read_path(of_descriptor(of(outsider, "fd"), OF_OUTSIDER, "")); }
static long take_descriptor(void) {
  int process = (int)syscall(434, outsider, 0);
  return process < 0 ? -1 : syscall(438, process, 0, 0);
}

static long set_core_pattern(void) { return write_path("/proc/sys/kernel/core_pattern"); }
static long set_module_loader(void) { return write_path("/proc/sys/kernel/modprobe"); }
static long set_system(void) { return write_path("/proc/sys/vm/overcommit_memory"); }
static long request_system(void) { return write_path("/proc/sysrq-trigger"); }
static long adjust_other(void) { return write_path(of(outsider, "oom_score_adj")); }
static long adjust_itself(void) { return write_path("/proc/self/oom_score_adj"); }
static long group_other(void) { return write_path(of(outsider, "autogroup")); }
static long filter_dumps_of_other(void) { return write_path(of(outsider, "coredump_filter")); }
static long read_environment(void) { return read_path("/proc/self/environ"); }
static long list_processes(void) { return open("/proc", O_RDONLY | O_DIRECTORY); }

/* A file of the cgroup of the process outside. */
static long open_cgroup(const char* name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", getenv("OUTSIDE_CGROUP"), name);
  return write_path(path);
}
static long enter_cgroup(void) { return open_cgroup("cgroup.procs"); }
static long kill_cgroup(void) { return open_cgroup("cgroup.kill"); }

static long make_device(void) { return mknod("write/new", S_IFCHR | 0600, makedev(1, 5)); }
static long make_disk(void) { return mknod("write/new", S_IFBLK | 0600, makedev(7, 0)); }
static long make_device_outside(void) { return mknod("outside/new", S_IFCHR | 0600, makedev(1, 5)); }
static long open_memory_device(void) { return open("/dev/kmsg", O_RDONLY); }

/* A device that may be read, but not written: the ioctl gives the number of the new pseudoterminal. */
static long control_device(void) {
  int number, device = open("/dev/ptmx", O_RDONLY | O_NOCTTY);
  return device < 0 ? -1 : ioctl(device, TIOCGPTN, &number);
}

/* A message queue is a file, although it is opened without a path. */
static long open_queue(void) { return syscall(SYS_mq_open, queue_of(outsider), O_RDWR, 0, NULL); }

/* Succeeds if the program runs. Without arguments, it does nothing. */
static long executed(int directory, const char* path, int flags) {
  int status, failure[2];
  char* const arguments[] = {"program", NULL};
  must(pipe2(failure, O_CLOEXEC) == 0, "pipe");
  pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) {
    syscall(SYS_execveat, directory, path, arguments, arguments + 1, flags);
    int error = errno;
    _exit(write(failure[1], &error, sizeof error) > 0 ? 125 : 124);
  }
  close(failure[1]);
  must(waitpid(child, &status, 0) == child, "waitpid");
  return read(failure[0], &errno, sizeof errno) == sizeof errno || status != 0 ? -1 : 0;
}

static long execute_readable(void) { return executed(AT_FDCWD, "read/program", 0); }
static long execute_outside(void) { return executed(AT_FDCWD, "outside/program", 0); }
static long execute_path_descriptor(void) { return executed(open("outside/program", O_PATH), "", AT_EMPTY_PATH); }
static long execute_descriptor(void) { return executed(open("read/program", O_RDONLY), "", AT_EMPTY_PATH); }
static long execute_copy(void) {
  char bytes[65536];
  ssize_t size;
  int from = open("read/program", O_RDONLY), to = open("write/new", O_WRONLY | O_CREAT, 0700);
  while ((size = read(from, bytes, sizeof bytes)) > 0) must(write(to, bytes, (size_t)size) == size, "write/new");
  return from < 0 || to < 0 || close(to) ? -1 : executed(AT_FDCWD, "write/new", 0);
}

/* Open anyway: `execute` is no boundary against code. */
static long execute_memory(void) {
  char bytes[65536];
  ssize_t size;
  int from = open("read/program", O_RDONLY), to = memfd_create("program", 0);
  while ((size = read(from, bytes, sizeof bytes)) > 0) must(write(to, bytes, (size_t)size) == size, "memfd");
  return from < 0 || to < 0 ? -1 : executed(to, "", AT_EMPTY_PATH);
}

/* The kernel writes the file, with the rights of the process. */
static long dump_core(void) {
  struct rlimit limit;
  int status;
  char numbered[32];
  if (chdir("outside") || getrlimit(RLIMIT_CORE, &limit)) return -1;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_CORE, &limit)) return -1;
  pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) abort();
  must(waitpid(child, &status, 0) == child, "waitpid");
  snprintf(numbered, sizeof numbered, "core.%d", (int)child);
  int is_there = access("core", F_OK) == 0 || access(numbered, F_OK) == 0;
  errno = EACCES;
  return is_there ? 0 : -1;
}
