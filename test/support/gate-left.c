/*
 * gate-left PROGRAM ARGUMENT…: runs a program, traces the gate values that it and its children draw by getrandom(2),
 * and searches the program's memory for them.
 *
 * The program calls kill(itself, 0) after each start of a child. For each such call, prints "drawn N at-draw N left N":
 * the number of values drawn since the line before, and the number of words of the last value that were found in memory
 * after it was drawn, which shows that the search works, and at the time of the kill. Prints "unsupported ERRNO" if
 * this machine has no such tracing.
 */
#define _GNU_SOURCE
#include "gate-search.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The size of a gate value. No other caller of getrandom(2) requests as many bytes. */
#define VALUE sizeof words

static int has_drawn(const struct __ptrace_syscall_info *entry, const struct __ptrace_syscall_info *exit) {
  return entry->entry.nr == SYS_getrandom && entry->entry.args[1] == VALUE && exit->exit.rval == (int64_t)VALUE;
}

static void read_value(pid_t thread, uint64_t address) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/mem", thread);
  int memory = open(name, O_RDONLY);
  if (pread(memory, words, sizeof words, (off_t)address) != (ssize_t)sizeof words) exit(3);
  close(memory);
}

/* The signal for which a thread was stopped, and which it must receive; 0 if the stop is due to tracing. */
static int signal_of(int status) {
  int signal = WIFSTOPPED(status) && status >> 16 == 0 ? WSTOPSIG(status) : 0;
  return signal == SIGSTOP || signal == (SIGTRAP | 0x80) ? 0 : signal;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  pid_t program = fork();
  if (program == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) {
      printf("unsupported %d\n", errno);
      fflush(stdout);
      _exit(0);
    }
    raise(SIGSTOP);
    execvp(arguments[1], arguments + 1);
    _exit(127);
  }
  int status;
  if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) return 0;
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK |
                 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SETOPTIONS, program, 0, options) != 0) {
    printf("unsupported %d\n", errno);
    return 0;
  }
  static struct __ptrace_syscall_info entries[1 << 22]; /* By thread: PID_MAX_LIMIT of linux/threads.h. */
  int drawn = 0;
  long at_draw = 0;
  for (pid_t thread = program;;) {
    ptrace(PTRACE_SYSCALL, thread, 0, signal_of(status));
    thread = waitpid(-1, &status, __WALL);
    if (thread < 0 || (thread == program && !WIFSTOPPED(status))) return WEXITSTATUS(status);
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    struct __ptrace_syscall_info info, *entry = &entries[thread];
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) continue;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      *entry = info;
      if (info.entry.nr != SYS_kill || info.entry.args[0] != (uint64_t)program || info.entry.args[1] != 0) continue;
      printf("drawn %d at-draw %ld left %ld\n", drawn, at_draw, search(program));
      fflush(stdout);
      drawn = 0;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && has_drawn(entry, &info)) {
      read_value(thread, entry->entry.args[0]);
      at_draw = search(program);
      drawn++;
    }
  }
}
