/* Makes calls once it has read a line, and prints the result or errno of each. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void print(int result) { printf("%d\n", result < 0 ? errno : result); }

int main(void) {
  char line[2];
  struct rlimit none = {0, 0};
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/proc/a"};
  if (read(STDIN_FILENO, line, sizeof line) < 0) return 1;
  print(mkdir("/proc/x", 0777));
  print(prlimit(getppid(), RLIMIT_CORE, &none, NULL));
  print(socket(40, SOCK_STREAM, 0)); /* AF_VSOCK */
  print(setpgid(0, 0));
  print(symlink("/proc/a", "/proc/b"));
  print(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, sizeof address));
  print(sched_get_priority_max(0));
  return 0;
}
