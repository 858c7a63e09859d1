/* Builds a filter with libseccomp in the same way as runc. Reads lines from standard input:
 *   default ACTION          ACTION: a SECCOMP_RET_* value in hex
 *   native NAME             the first ABI, by its name for seccomp_arch_resolve_name(); default: this machine's
 *   arch NAME               another ABI, of the same byte order
 *   optimize N              SCMP_FLTATR_CTL_OPTIMIZE: 1 is the default, 2 a binary tree
 *   rule ACTION NAME [INDEX OP VALUE DATUM]…     OP: enum scmp_compare in decimal
 *   number ABI NAME         prints libseccomp's number for a name: -1 for none, below -1 for a pseudo number
 *   name ABI NUMBER         prints libseccomp's name for a number, or an empty line
 * Writes the filter to standard output, unless there is no `default` line. With a number as its argument, builds the
 * filter that many times instead, and prints the nanoseconds of each time. */
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct rule {
  char text[1024]; /* For errors. */
  char name[64];
  uint32_t action;
  unsigned count;
  struct scmp_arg_cmp args[6];
};

static uint32_t defaultAction, native;
static int hasDefault;
static uint32_t arches[32];
static struct rule *rules;
static unsigned archCount, ruleCount;
static int optimize = 1;

static uint32_t action(const char *text) {
  uint32_t value = strtoul(text, NULL, 16);
  switch (value & 0xffff0000) {
    case 0x00050000: return SCMP_ACT_ERRNO(value & 0xffff);
    case 0x7ff00000: return SCMP_ACT_TRACE(value & 0xffff);
    default: return value;
  }
}

static void check(int result, const char *what) {
  if (result == 0) return;
  fprintf(stderr, "%s: %s\n", what, strerror(-result));
  exit(1);
}

/* The next word of the line. */
static char *word(void) {
  char *next = strtok(NULL, " ");
  if (next != NULL) return next;
  fputs("a line is too short: does a name contain a space?\n", stderr);
  exit(2);
}

static void read_rule(const char *line) {
  if ((rules = realloc(rules, (ruleCount + 1) * sizeof *rules)) == NULL) abort();
  struct rule *rule = &rules[ruleCount++];
  rule->count = 0;
  snprintf(rule->text, sizeof rule->text, "%s", line);
  rule->action = action(word());
  snprintf(rule->name, sizeof rule->name, "%s", word());
  for (char *index; rule->count < 6 && (index = strtok(NULL, " ")) != NULL; rule->count++) {
    struct scmp_arg_cmp *arg = &rule->args[rule->count];
    arg->arg = atoi(index);
    arg->op = atoi(word());
    arg->datum_a = strtoull(word(), NULL, 10);
    arg->datum_b = strtoull(word(), NULL, 10);
  }
}

static void read_all(void) {
  char line[1024], copy[1024];
  native = seccomp_arch_native();
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    strcpy(copy, line);
    char *first = strtok(copy, " ");
    if (first == NULL) continue;
    if (!strcmp(first, "number")) {
      uint32_t abi = seccomp_arch_resolve_name(word());
      printf("%d\n", seccomp_syscall_resolve_name_arch(abi, word()));
    }
    else if (!strcmp(first, "name")) {
      uint32_t abi = seccomp_arch_resolve_name(word());
      char *name = seccomp_syscall_resolve_num_arch(abi, atoi(word()));
      puts(name == NULL ? "" : name);
      free(name);
    }
    else if (!strcmp(first, "default")) hasDefault = 1, defaultAction = action(word());
    else if (!strcmp(first, "native")) native = seccomp_arch_resolve_name(word());
    else if (!strcmp(first, "arch") && archCount < 32) arches[archCount++] = seccomp_arch_resolve_name(word());
    else if (!strcmp(first, "optimize")) optimize = atoi(word());
    else read_rule(line);
  }
}

static scmp_filter_ctx build(int file) {
  scmp_filter_ctx context = seccomp_init(defaultAction);
  if (native != seccomp_arch_native()) {
    check(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), "native");
    check(seccomp_arch_add(context, native), "native");
  }
  for (unsigned i = 0; i < archCount; i++) check(seccomp_arch_add(context, arches[i]), "arch");
  check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, optimize), "optimize");
  for (unsigned i = 0; i < ruleCount; i++) {
    struct rule *rule = &rules[i];
    int number = seccomp_syscall_resolve_name(rule->name);
    if (number == __NR_SCMP_ERROR) continue;
    check(seccomp_rule_add_array(context, rule->action, number, rule->count, rule->args), rule->text);
  }
  check(seccomp_export_bpf(context, file), "export");
  return context;
}

int main(int argc, char **argv) {
  read_all();
  if (!hasDefault) return 0;
  if (argc == 1) return seccomp_release(build(STDOUT_FILENO)), 0;
  int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere < 0) return perror("/dev/null"), 1;
  for (long times = atol(argv[1]); times > 0; times--) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    scmp_filter_ctx context = build(nowhere);
    clock_gettime(CLOCK_MONOTONIC, &end);
    seccomp_release(context);
    printf("%ld\n", (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec);
  }
  return 0;
}
