/* Attacks on files: by their paths, links, renames, /proc, and descriptors that were opened outside. */
#pragma once

#include <sys/inotify.h>
#include <sys/xattr.h>

#include "common.h"

enum { MODE_3 = 3, OPENAT2 = 437 };

static pid_t outsider;

static int ask(char request) {
  char byte;
  must(write(OUTSIDER, &request, 1) == 1 && read(OUTSIDER, &byte, 1) == 1 && byte == request, "the process outside");
  return 0;
}

/* Asks for a descriptor. */
static int receive(char request) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  char byte;
  int descriptor;
  struct iovec data = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
  must(write(OUTSIDER, &request, 1) == 1 && recvmsg(OUTSIDER, &message, 0) == 1, "recvmsg");
  must(CMSG_FIRSTHDR(&message) != NULL, "a descriptor");
  memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  return descriptor;
}

static const char* of(pid_t process, const char* path) {
  static char text[128];
  snprintf(text, sizeof text, "/proc/%d/%s", (int)process, path);
  return text;
}

static const char* of_descriptor(const char* directory, int descriptor, const char* rest) {
  static char text[128];
  snprintf(text, sizeof text, "%s/%d%s", directory, descriptor, rest);
  return text;
}

/* Succeeds if something can be read from the descriptor. */
static long read_from(long descriptor) {
  char byte;
  return descriptor < 0 ? -1 : read((int)descriptor, &byte, 1);
}

static long read_path(const char* path) { return read_from(open(path, O_RDONLY)); }
static long read_at(int directory, const char* path) { return read_from(openat(directory, path, O_RDONLY)); }
static long write_path(const char* path) { return open(path, O_WRONLY); }

/* Absolute paths. */
static char secret[160], outside[160];

static long read_secret(void) { return read_path("outside/secret"); }
static long read_absolute(void) { return read_path(secret); }
static long list_outside(void) { return open("outside", O_RDONLY | O_DIRECTORY); }
static long write_secret(void) { return write_path("outside/secret"); }
static long append_secret(void) { return open("outside/secret", O_WRONLY | O_APPEND); }
static long create_outside(void) { return open("outside/new", O_WRONLY | O_CREAT, 0600); }
static long temporary_outside(void) { return open("outside", O_TMPFILE | O_RDWR, 0600); }
static long remove_outside(void) { return unlink("outside/secret"); }
static long remove_directory(void) { return rmdir("outside/directory") != 0 && errno == ENOTEMPTY ? 0 : -1; }
static long make_directory_outside(void) { return mkdir("outside/new", 0700); }
static long link_symbolically(void) { return symlink("secret", "outside/new"); }
static long make_pipe(void) { return mkfifo("outside/new", 0600); }
static long write_readable(void) { return write_path("read/file"); }
static long create_in_readable(void) { return open("read/new", O_WRONLY | O_CREAT, 0600); }
static long remove_readable(void) { return unlink("read/file"); }
static long by_own_link(void) { return symlink("../outside/secret", "write/to") ? -1 : read_path("write/to"); }
static long by_own_directory_link(void) {
  return symlink(outside, "write/to") ? -1 : open("write/to/new", O_WRONLY | O_CREAT, 0600);
}
static long by_parents(void) { return read_path("write/moving/../../outside/secret"); }
static long by_openat2(void) {
  const uint64_t how[3] = {O_RDONLY, 0, 0};
  return read_from(syscall(OPENAT2, AT_FDCWD, "outside/secret", how, sizeof how));
}

static long link_from_outside(void) { return link("outside/secret", "write/new") ? -1 : read_path("write/new"); }
static long link_to_outside(void) { return link("write/file", "outside/new"); }
static long link_readable(void) { return link("read/file", "write/new") ? -1 : write_path("write/new"); }
static long link_descriptor(void) {
  int file = open("outside/secret", O_PATH);
  return linkat(AT_FDCWD, of_descriptor("/proc/self/fd", file, ""), AT_FDCWD, "write/new", AT_SYMLINK_FOLLOW);
}
static long link_received(void) {
  int file = receive(GIVE_FILE);
  return linkat(AT_FDCWD, of_descriptor("/proc/self/fd", file, ""), AT_FDCWD, "write/new", AT_SYMLINK_FOLLOW);
}
static long link_empty_path(void) {
  return linkat(open("outside/secret", O_PATH), "", AT_FDCWD, "write/new", AT_EMPTY_PATH);
}

static long renamed(const char* from, const char* to, unsigned flags) {
  return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static long rename_from_outside(void) { return renamed("outside/secret", "write/new", 0); }
static long rename_to_outside(void) { return renamed("write/file", "outside/secret", 0); }
static long rename_directory_in(void) { return renamed("outside/directory", "write/new", RENAME_NOREPLACE); }
static long rename_directory_out(void) { return renamed("write/moving", "outside/new", RENAME_NOREPLACE); }
static long rename_outside(void) { return renamed("outside/secret", "outside/new", 0); }
static long rename_readable(void) { return renamed("read/file", "write/new", 0); }
static long rename_in_readable(void) { return renamed("read/file", "read/new", 0); }
static long rename_over_readable(void) { return renamed("write/file", "read/file", 0); }
static long exchange_with_outside(void) { return renamed("write/file", "outside/secret", RENAME_EXCHANGE); }
static long exchange_from_outside(void) { return renamed("outside/secret", "write/file", RENAME_EXCHANGE); }
static long exchange_directories(void) { return renamed("write/moving", "outside/directory", RENAME_EXCHANGE); }
static long exchange_with_directory(void) { return renamed("write/file", "outside/directory", RENAME_EXCHANGE); }
static long exchange_readable(void) { return renamed("read/file", "write/file", RENAME_EXCHANGE); }
static long exchange_granted(void) { return renamed("write", "outside", RENAME_EXCHANGE); }
static long rename_granted(void) { return renamed("write", "outside/new", 0); }

static long by_own_root(void) {
  char path[256];
  snprintf(path, sizeof path, "/proc/self/root%s", secret);
  return read_path(path);
}
static long by_own_cwd(void) { return chdir("outside") ? -1 : read_path("/proc/self/cwd/secret"); }
static long by_changed_directory(void) { return chdir("outside") ? -1 : read_path("secret"); }
static long by_own_path_descriptor(void) {
  return read_path(of_descriptor("/proc/self/fd", open("outside/secret", O_PATH), ""));
}
static long by_own_directory_descriptor(void) { return read_at(open("outside", O_PATH), "secret"); }
static long by_thread_descriptor(void) {
  return read_path(of_descriptor("/proc/thread-self/fd", open("outside", O_PATH), "/secret"));
}
static long by_root_of_other(void) {
  char path[256];
  snprintf(path, sizeof path, "%s%s", of(outsider, "root"), secret);
  return read_path(path);
}
static long by_cwd_of_other(void) { return read_path(of(outsider, "cwd/outside/secret")); }
static long write_by_cwd_of_other(void) { return write_path(of(outsider, "cwd/outside/secret")); }
static long program_of_other(void) { return read_path(of(outsider, "exe")); }

static long received_directory(void) { return read_at(receive(GIVE_DIRECTORY), "secret"); }
static long received_path(void) { return read_at(receive(GIVE_PATH), "secret"); }
static long received_file_path(void) { return read_path(of_descriptor("/proc/self/fd", receive(GIVE_FILE_PATH), "")); }
static long received_as_cwd(void) { return fchdir(receive(GIVE_DIRECTORY)) ? -1 : read_path("secret"); }
static long reopen_received(void) { return write_path(of_descriptor("/proc/self/fd", receive(GIVE_FILE), "")); }
static long reopen_inherited(void) { return write_path("/dev/fd/0"); }
static long reopen_stdin(void) { return write_path("/dev/stdin"); }
static long reopen_to_read(void) { return read_path(of_descriptor("/proc/self/fd", receive(GIVE_FILE), "")); }
static long create_in_received(void) { return openat(receive(GIVE_DIRECTORY), "new", O_WRONLY | O_CREAT, 0600); }
static long remove_in_received(void) { return unlinkat(receive(GIVE_DIRECTORY), "secret", 0); }
static long move_from_received(void) { return renameat(receive(GIVE_DIRECTORY), "secret", AT_FDCWD, "write/new"); }
static long link_from_received(void) { return linkat(receive(GIVE_PATH), "secret", AT_FDCWD, "write/new", 0); }
static long moved_by_other(void) {
  int directory = open("write/moving", O_RDONLY | O_DIRECTORY);
  return directory < 0 || ask(MOVE_OUT) ? -1 : read_at(directory, "file");
}
static long create_in_moved(void) {
  int directory = open("write/moving", O_PATH);
  return ask(MOVE_OUT) ? -1 : openat(directory, "new", O_WRONLY | O_CREAT, 0600);
}
static long leave_moved(void) { return chdir("write/moving") || ask(MOVE_OUT) ? -1 : read_path("../secret"); }

/* Succeeds if the file is empty then. */
static long empty(long result, const char* path) {
  struct stat status;
  if (result < 0) return -1;
  errno = EBADMSG;
  return stat(path, &status) == 0 && status.st_size == 0 ? 0 : -1;
}

static long truncate_outside(void) { return empty(truncate("outside/secret", 0), "outside/secret"); }
static long truncate_readable(void) { return empty(truncate("read/file", 0), "read/file"); }
static long truncate_to_read(void) { return empty(open("read/file", O_RDONLY | O_TRUNC), "read/file"); }
static long truncate_with_mode_3(void) { return empty(open("read/file", MODE_3 | O_TRUNC), "read/file"); }
static long truncate_with_creat(void) { return empty(creat("read/file", 0600), "read/file"); }
static long truncate_with_openat2(void) {
  const uint64_t how[3] = {O_RDONLY | O_TRUNC, 0, 0};
  return empty(syscall(OPENAT2, AT_FDCWD, "read/file", how, sizeof how), "read/file");
}
static long truncate_received(void) {
  return empty(truncate(of_descriptor("/proc/self/fd", receive(GIVE_FILE), ""), 0), "outside/secret");
}

/* Open anyway, as enforcement says: reach `metadata`. */
static long change_mode(void) { return chmod("outside/secret", 0600); }
static long set_attribute(void) { return setxattr("outside/secret", "user.seccomp", "x", 1, 0); }
static long set_times(void) { return utimensat(AT_FDCWD, "outside/secret", NULL, 0); }
static long find_out(void) { return access("outside/directory/secret", F_OK); }
static long watch(void) { return inotify_add_watch(inotify_init1(0), "outside/secret", IN_OPEN); }

/* What must work: the paths that are granted. */
static long read_readable(void) { return read_path("read/file"); }
static long list_readable(void) { return open("read", O_RDONLY | O_DIRECTORY); }
static long write_writable(void) { return empty(open("write/file", O_WRONLY | O_TRUNC), "write/file"); }
static long read_received(void) { return read_from(receive(GIVE_FILE)); }
static long read_inherited(void) { return read_from(0); }

/* Granted too, but denied where the version of Landlock requires it. */
static long rename_writable(void) { return renamed("write/file", "write/moving/new", 0); }
static long link_writable(void) { return link("write/file", "write/moving/new"); }
static long truncate_writable(void) { return empty(truncate("write/file", 0), "write/file"); }
static long truncate_writable_to_read(void) { return empty(open("write/file", O_RDONLY | O_TRUNC), "write/file"); }
static long open_writable_with_mode_3(void) { return open("write/file", MODE_3); }
static long read_by_openat2(void) {
  const uint64_t how[3] = {O_RDONLY, 0, 0};
  return read_from(syscall(OPENAT2, AT_FDCWD, "read/file", how, sizeof how));
}
