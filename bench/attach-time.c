/* Measures how long the kernel takes to put filters on. attach-time ROUNDS FILE…: each FILE holds struct sock_filter[].
 * In every round each filter is put on once, by a child of its own; prints a line a round: nanoseconds, one column a file. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long attach(struct sock_fprog *program) {
  struct timespec start, end;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0) return -1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec;
}

int main(int count, char **arguments) {
  static struct sock_filter filters[16][4096];
  struct sock_fprog programs[16];
  if (count < 3 || count > 18) return 2;
  for (int i = 2; i < count; i++) {
    FILE *file = fopen(arguments[i], "rb");
    if (file == NULL) return perror(arguments[i]), 1;
    programs[i - 2].len = (unsigned short)fread(filters[i - 2], sizeof(struct sock_filter), 4096, file);
    programs[i - 2].filter = filters[i - 2];
    fclose(file);
  }
  for (long round = atol(arguments[1]); round > 0; round--) {
    for (int i = 0; i < count - 2; i++) {
      int ends[2];
      long time = -1;
      if (pipe(ends) != 0) return 1;
      if (fork() == 0) {
        time = attach(&programs[i]);
        _exit(write(ends[1], &time, sizeof time) != sizeof time);
      }
      wait(NULL);
      if (read(ends[0], &time, sizeof time) != sizeof time || time < 0) return fprintf(stderr, "%s: not put on\n", arguments[i + 2]), 1;
      close(ends[0]);
      close(ends[1]);
      printf("%ld%c", time, i == count - 3 ? '\n' : ' ');
    }
  }
  return 0;
}
