/* siblings HOW: makes a child of its parent, which ends at once, by clone or clone3. Prints 0, or the errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char state_of(long pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  const char *end = strrchr(text, ')');
  return end == NULL ? 0 : end[2];
}

int main(int count, char **arguments) {
  uint64_t flags[8] = {CLONE_PARENT};
  long pid = count > 1 && strcmp(arguments[1], "clone3") == 0
                 ? syscall(435, flags, sizeof flags)
#ifdef __s390x__
                 : syscall(SYS_clone, 0, CLONE_PARENT | SIGCHLD, 0, 0, 0);
#else
                 : syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
#endif
  if (pid == 0) _exit(0);
  printf("%d\n", pid < 0 ? errno : 0);
  while (pid > 0 && strchr("Z", state_of(pid)) == NULL) usleep(1000); /* A zombie, or waited for. */
  return 0;
}
