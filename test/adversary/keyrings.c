/*
 * keyrings session COMMAND ARGUMENTS… Executes the command in a new session keyring, which has a key "secret".
 * keyrings WAY Tries to reach that keyring. Prints what it read, 0, or the errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSION = -3 }; /* KEY_SPEC_SESSION_KEYRING */
enum { JOIN = 1, SEARCH = 10, READ = 11, TO_PARENT = 18 };

static long control(int operation, long first, const char *second, const char *third, long fourth) {
  return syscall(SYS_keyctl, operation, first, second, third, fourth);
}

static long add(const char *name) { return syscall(SYS_add_key, "user", name, "payload", 7L, SESSION); }

/* Reads the key by its number, as any process that has guessed it could. */
static long read_secret(void) {
  char text[64] = "";
  long key = control(SEARCH, SESSION, "user", "secret", 0);
  if (key < 0 || control(READ, key, text, (const char *)sizeof text, 0) < 0) return -1;
  puts(text);
  return 0;
}

/* Replaces the session keyring of this process, by a child of it. */
static long replace(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(control(JOIN, 0, NULL, NULL, 0) < 0 || control(TO_PARENT, 0, NULL, NULL, 0) < 0 ? errno : 0);
  int status = 0;
  waitpid(pid, &status, 0);
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  const char *way = arguments[1];
  if (strcmp(way, "session") == 0) {
    if (control(JOIN, 0, NULL, NULL, 0) < 0 || add("secret") < 0) return 77;
    execvp(arguments[2], arguments + 2);
    return 127;
  }
  long result = strcmp(way, "list") == 0      ? control(READ, SESSION, NULL, NULL, 0)
                : strcmp(way, "read") == 0    ? read_secret()
                : strcmp(way, "replace") == 0 ? replace()
                : strcmp(way, "add") == 0     ? add("planted")
                                              : syscall(SYS_request_key, "user", "secret", NULL, 0L);
  printf("%d\n", result < 0 ? errno : 0);
  return 0;
}
