/* What the attacks and the process outside share. All paths are beneath the working directory of the process outside.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptor of the socket between the two, and that of outside/secret in the process outside. */
enum { OUTSIDER = 9, OF_OUTSIDER = 8 };

/* What the process outside does for the child, which sends it one byte. */
enum request {
  RESET = 'r',          /* makes all files anew */
  GIVE_DIRECTORY = 'd', /* sends a descriptor of outside, opened for reading */
  GIVE_PATH = 'p',      /* the same with O_PATH */
  GIVE_FILE = 'f',      /* of outside/secret, opened for reading */
  GIVE_FILE_PATH = 'q', /* the same with O_PATH */
  GIVE_TERMINAL = 't',  /* of a new terminal, or of /dev/null without any */
  MOVE_OUT = 'm',       /* moves write/moving to outside/moving */
  READ_SECRET = 'o',    /* opens outside/secret and reads it */
};

static void must(int succeeds, const char* what) {
  if (succeeds) return;
  fprintf(stderr, "paths: %s: %s\n", what, strerror(errno));
  exit(125);
}

static struct sockaddr_un address(const char* path) {
  struct sockaddr_un result = {.sun_family = AF_UNIX};
  strcpy(result.sun_path, path);
  return result;
}

/* The name of a message queue of the process outside, for the system calls of mq_overview(7). */
static const char* queue_of(pid_t process) {
  static char name[64];
  snprintf(name, sizeof name, "seccomp-paths-%d", (int)process);
  return name;
}

/* A name in the abstract namespace, unix(7). */
static socklen_t abstract_address(struct sockaddr_un* result, pid_t outsider) {
  memset(result, 0, sizeof *result);
  result->sun_family = AF_UNIX;
  int length = snprintf(result->sun_path + 1, 64, "seccomp-paths-%d", (int)outsider);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}
