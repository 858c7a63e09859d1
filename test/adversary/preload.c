/* A library that makes the directory MADE before the program that loads it begins. */
#include <stdlib.h>
#include <sys/stat.h>

__attribute__((constructor)) static void make(void) {
  const char *directory = getenv("MADE");
  if (directory != NULL) mkdir(directory, 0700);
}
