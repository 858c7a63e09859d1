/*
 * raw-call NUMBER [ARGUMENTS]: makes one call by its number, with up to six numbers. Exits with 0 whatever it returns.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  unsigned long value[7] = {0};
  for (int i = 1; i < argc && i <= 7; i++) value[i - 1] = strtoul(argv[i], NULL, 0);
  syscall((long)value[0], value[1], value[2], value[3], value[4], value[5], value[6]);
  return 0;
}
