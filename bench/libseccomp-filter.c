/* Builds a filter with libseccomp as runc feeds it. Reads from standard input, a line each:
 *   default ACTION          ACTION: a SECCOMP_RET_* value in hex
 *   native NAME             the ABI that is there first, as seccomp_arch_resolve_name() knows it; by default this machine's
 *   arch NAME               one beside it, of the same byte order
 *   optimize N              SCMP_FLTATR_CTL_OPTIMIZE: 1 the default, 2 a binary tree
 *   rule ACTION NAME [INDEX OP VALUE DATUM]…     OP: enum scmp_compare in decimal
 * Writes the program to standard output. */
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t action(const char *text) {
  uint32_t value = strtoul(text, NULL, 16);
  switch (value & 0xffff0000) {
    case 0x00050000: return SCMP_ACT_ERRNO(value & 0xffff);
    case 0x7ff00000: return SCMP_ACT_TRACE(value & 0xffff);
    default: return value;
  }
}

static void check(int result, const char *line) {
  if (result == 0) return;
  fprintf(stderr, "%s: %s\n", line, strerror(-result));
  exit(1);
}

int main(void) {
  char line[1024], copy[1024];
  scmp_filter_ctx context = NULL;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    strcpy(copy, line);
    char *word = strtok(copy, " ");
    if (word == NULL) continue;
    if (!strcmp(word, "default")) {
      context = seccomp_init(action(strtok(NULL, " ")));
    } else if (!strcmp(word, "native")) {
      uint32_t native = seccomp_arch_resolve_name(strtok(NULL, " "));
      if (native == seccomp_arch_native()) continue;
      check(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), line);
      check(seccomp_arch_add(context, native), line);
    } else if (!strcmp(word, "arch")) {
      check(seccomp_arch_add(context, seccomp_arch_resolve_name(strtok(NULL, " "))), line);
    } else if (!strcmp(word, "optimize")) {
      check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, atoi(strtok(NULL, " "))), line);
    } else {
      uint32_t act = action(strtok(NULL, " "));
      int number = seccomp_syscall_resolve_name(strtok(NULL, " "));
      if (number == __NR_SCMP_ERROR) continue;
      struct scmp_arg_cmp args[6];
      unsigned count = 0;
      for (char *index; count < 6 && (index = strtok(NULL, " ")) != NULL; count++) {
        args[count].arg = atoi(index);
        args[count].op = atoi(strtok(NULL, " "));
        args[count].datum_a = strtoull(strtok(NULL, " "), NULL, 10);
        args[count].datum_b = strtoull(strtok(NULL, " "), NULL, 10);
      }
      check(seccomp_rule_add_array(context, act, number, count, args), line);
    }
  }
  check(seccomp_export_bpf(context, 1), "export");
  return 0;
}
