/* The process outside of the domain: it makes the files, listens on the sockets, and does what the child asks for. */
#pragma once

#include <ftw.h>

#include "common.h"

static uid_t owner;

static void fill(const char* path, const char* text, mode_t mode) {
  unlink(path);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
  must(fchown(file, owner, owner) == 0 && fchmod(file, mode) == 0 && close(file) == 0, path);
}

/* Makes the file to which read/program and outside/program are links: not `program`, which the child may execute. */
static void copy_program(void) {
  char bytes[65536];
  ssize_t size;
  int from = open("program", O_RDONLY), copy = open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0755);
  must(from >= 0 && copy >= 0, "copy");
  while ((size = read(from, bytes, sizeof bytes)) > 0) must(write(copy, bytes, (size_t)size) == size, "copy");
  must(fchown(copy, owner, owner) == 0 && close(copy) == 0 && close(from) == 0, "copy");
}

static void make_directory(const char* path) {
  must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
  must(chown(path, owner, owner) == 0 && chmod(path, 0755) == 0, path);
}

static int remove_one(const char* path, const struct stat* status, int type, struct FTW* at) {
  (void)status, (void)type;
  return at->level == 0 ? 0 : remove(path);
}

/* Empties a directory, which stays the same: it may be granted. */
static void clear(const char* path) {
  must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT, path);
}

static void make_files(void) {
  const char* const changed[] = {"write", "outside", "read"};
  for (int i = 0; i < 3; i++) {
    clear(changed[i]);
    make_directory(changed[i]);
  }
  make_directory("write/moving");
  make_directory("outside/directory");
  fill("read/file", "readable\n", 0644);
  fill("write/file", "writable\n", 0644);
  fill("write/moving/file", "moved\n", 0644);
  fill("outside/secret", "secret\n", 0644);
  fill("outside/directory/secret", "secret\n", 0644);
  must(link("copy", "read/program") == 0 && link("copy", "outside/program") == 0, "link");
}

static void send_descriptor(int socket, int descriptor) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {{0}};
  char byte = 0;
  struct iovec data = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  must(descriptor >= 0, "open");
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  must(sendmsg(socket, &message, 0) == 1 && close(descriptor) == 0, "sendmsg");
}

/* The other end stays open. */
static int open_terminal(void) {
  int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (controller < 0 || grantpt(controller) || unlockpt(controller)) return open("/dev/null", O_RDWR);
  return open(ptsname(controller), O_RDWR | O_NOCTTY);
}

static void answer(int socket, char request) {
  char text[8];
  int file;
  switch (request) {
    case GIVE_DIRECTORY:
      return send_descriptor(socket, open("outside", O_RDONLY | O_DIRECTORY));
    case GIVE_PATH:
      return send_descriptor(socket, open("outside", O_PATH));
    case GIVE_FILE:
      return send_descriptor(socket, open("outside/secret", O_RDONLY));
    case GIVE_FILE_PATH:
      return send_descriptor(socket, open("outside/secret", O_PATH));
    case GIVE_TERMINAL:
      return send_descriptor(socket, open_terminal());
    case RESET:
      make_files();
      break;
    case MOVE_OUT:
      must(rename("write/moving", "outside/moving") == 0, "rename");
      break;
    case READ_SECRET:
      file = open("outside/secret", O_RDONLY);
      must(file >= 0 && read(file, text, sizeof text) > 0 && close(file) == 0, "outside/secret");
      break;
  }
  must(write(socket, &request, 1) == 1, "answer");
}

static void bind_socket(int type, const char* path) {
  struct sockaddr_un to = address(path);
  int listener = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  must(listener >= 0 && bind(listener, (void*)&to, sizeof to) == 0, path);
  must(chmod(path, 0777) == 0 && (type == SOCK_DGRAM || listen(listener, 4096) == 0), path);
}

static void bind_abstract_socket(void) {
  struct sockaddr_un to;
  socklen_t length = abstract_address(&to, getpid());
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(listener >= 0 && bind(listener, (void*)&to, length) == 0 && listen(listener, 4096) == 0, "abstract socket");
}

/* A kernel may have no message queues. */
static void make_queue(void) {
  mode_t mask = umask(0);
  close((int)syscall(SYS_mq_open, queue_of(getpid()), O_RDWR | O_CREAT, 0666, NULL));
  umask(mask);
}

/* Sets OUTSIDE_CGROUP to the directory of the cgroup that this process is in: of v2, if it is mounted. */
static void name_cgroup(void) {
  const char* const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  char line[512], path[1024] = "/sys/fs/cgroup", processes[1100];
  FILE* file = fopen("/proc/self/cgroup", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; strncmp(line, "0::", 3) == 0 && i < 2; i++) {
      snprintf(processes, sizeof processes, "%s%s/cgroup.procs", mounts[i], line + 3);
      if (access(processes, F_OK) == 0) snprintf(path, sizeof path, "%s%s", mounts[i], line + 3);
    }
  }
  if (file != NULL) fclose(file);
  must(setenv("OUTSIDE_CGROUP", path, 1) == 0, "setenv");
}

/* Runs `command`, whose parent it is, with the socket. */
static int be_outside(char** command) {
  int pair[2], status;
  char request;
  copy_program();
  make_files();
  make_directory("sockets");
  bind_socket(SOCK_STREAM, "sockets/stream");
  bind_socket(SOCK_SEQPACKET, "sockets/packets");
  bind_socket(SOCK_DGRAM, "sockets/datagrams");
  bind_abstract_socket();
  make_queue();
  name_cgroup();
  must(dup3(open("outside/secret", O_RDONLY | O_CLOEXEC), OF_OUTSIDER, O_CLOEXEC) == OF_OUTSIDER, "dup3");
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) {
    must(dup2(pair[1], OUTSIDER) == OUTSIDER, "dup2");
    execv(command[0], command);
    must(0, command[0]);
  }
  close(pair[1]);
  while (read(pair[0], &request, 1) == 1) answer(pair[0], request);
  syscall(SYS_mq_unlink, queue_of(getpid()));
  must(waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
