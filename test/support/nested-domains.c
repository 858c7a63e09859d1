// Enters as many Landlock domains as the first argument says, one in another, and executes the program that follows.
#include <linux/prctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char** arguments) {
  if (count < 3) return 2;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 2;
  for (int i = atoi(arguments[1]); i > 0; i--) {
    // struct landlock_ruleset_attr: no rights to files or networks, and the scope of signals (Landlock ABI 6).
    const uint64_t attributes[] = {0, 0, 2};
    const long ruleset = syscall(444, attributes, sizeof attributes, 0);
    if (ruleset < 0 || syscall(446, ruleset, 0) != 0) {
      perror("landlock");
      return 2;
    }
    close((int)ruleset);
  }
  execvp(arguments[2], arguments + 2);
  return 127;
}
