/*
 * Uses memory or processes as fast as it can, and counts that in a file that it maps: what a limit has not prevented.
 *
 *   limits-use memory|processes|none FILE MOST
 *
 * `memory`: writes to that many pages. `processes`: every process starts others until there are as many. `none`: starts as
 * many that wait.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int hold(void) {
  while (pause() < 0) continue;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const long most = atol(argv[3]);
  const int file = open(argv[2], O_RDWR);
  long *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (count == MAP_FAILED) return 3;
  if (strcmp(argv[1], "memory") == 0) {
    char *memory = mmap(NULL, (size_t)most * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 3;
    for (*count = 0; *count < most; ++*count) memory[*count * 4096] = 1;
  } else if (strcmp(argv[1], "processes") == 0) {
    *count = 1;
    while (__atomic_load_n(count, __ATOMIC_RELAXED) < most) {
      const pid_t child = fork();
      if (child < 0) break;
      if (child > 0) __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
    }
  } else {
    for (*count = 1; *count < most; ++*count)
      if (fork() == 0) return hold();
  }
  return hold();
}
