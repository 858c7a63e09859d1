/* exchange A B: exchanges two files until it is killed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int count, char** arguments) {
  while (count == 3) renameat2(AT_FDCWD, arguments[1], AT_FDCWD, arguments[2], RENAME_EXCHANGE);
  return 1;
}
