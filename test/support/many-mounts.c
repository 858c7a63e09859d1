/* many-mounts COUNT: makes COUNT calls of mount(2), each with a different path that does not exist. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

int main(int argc, char **argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 1;
  for (int i = 0; i < count; i++) {
    char target[64];
    snprintf(target, sizeof target, "/nowhere/%d", i);
    mount("none", target, "tmpfs", 0, NULL);
  }
  return 0;
}
