/* `open-cost ROUNDS FILE…` measures the time of open(2) and close(2). In every round, it opens and closes each file in
 * batches. Prints a line for each file: the nanoseconds of the fastest batch in each round. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 8, MOST_ROUNDS = 1000, BATCHES = 5, CALLS = 200 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

/* The fastest of a few batches, which no interrupt disturbed. */
static double cost(const char *path) {
  double least = 1e18;
  for (int batch = 0; batch < BATCHES; batch++) {
    const double start = now();
    for (int i = 0; i < CALLS; i++) {
      const int file = open(path, O_RDONLY | O_CLOEXEC);
      if (file < 0) {
        perror(path);
        exit(1);
      }
      close(file);
    }
    const double time = (now() - start) / CALLS;
    if (time < least) least = time;
  }
  return least;
}

int main(int count, char **arguments) {
  static double times[MOST][MOST_ROUNDS];
  const int rounds = count < 3 ? 0 : atoi(arguments[1]), files = count - 2;
  if (rounds < 1 || rounds > MOST_ROUNDS || files > MOST) return 2;
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < files; i++) times[i][round] = cost(arguments[2 + i]);
  for (int i = 0; i < files; i++) {
    for (int round = 0; round < rounds; round++) printf("%.1f ", times[i][round]);
    printf("\n");
  }
  return 0;
}
