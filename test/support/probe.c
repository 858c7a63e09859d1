/*
 * Makes each call that its arguments name, in a child process for each, and prints a line with the kernel's result.
 *
 *   probe native:39 x86:20 native:41:16,3,0
 *
 * `native` is the ABI that this program is compiled for, and x32 if the number has bit 30 set; `x86` is int $0x80 of an
 * x86_64 CPU. Numbers and arguments have 64 bits, are decimal or hexadecimal, and may be negative. The lines:
 *
 *   ok VALUE       The call returned VALUE, decimal and signed.
 *   errno NUMBER   The call failed.
 *   signal NUMBER  A signal killed the child: 14, SIGALRM, if the call did not return within 10 seconds.
 *   exit CODE      The call ended the child, or executed another program in it.
 *
 * The program itself makes only calls that docker-default allows.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 10

struct call {
  int is_x86;
  unsigned long number;
  unsigned long args[6];
};

/* The result, in memory that the child shares with its parent: the child may be denied write(2). */
struct report {
  int returned;
  long value;
};

#ifdef __x86_64__
/*
 * int $0x80 takes 32-bit registers: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp. ebp and ebx are the
 * caller's; old kernels return with zero in r8 to r11. Source: arch/x86/entry/entry_64_compat.S.
 */
__asm__(
    ".text\n"
    "call_x86:\n"
    "  push %rbx\n"
    "  push %rbp\n"
    "  mov 0(%rdi), %rax\n"
    "  mov 8(%rdi), %rbx\n"
    "  mov 16(%rdi), %rcx\n"
    "  mov 24(%rdi), %rdx\n"
    "  mov 32(%rdi), %rsi\n"
    "  mov 48(%rdi), %rbp\n"
    "  mov 40(%rdi), %rdi\n"
    "  int $0x80\n"
    "  pop %rbp\n"
    "  pop %rbx\n"
    "  ret\n");
int call_x86(const unsigned long registers[7]);

/* Inlined, unlike libc's syscall(): if the call is vfork, its child must not return from a function on this stack. */
static inline __attribute__((always_inline)) long make(const struct call *call) {
  if (call->is_x86) {
    const unsigned long *a = call->args;
    const unsigned long registers[7] = {call->number, a[0], a[1], a[2], a[3], a[4], a[5]};
    return call_x86(registers);
  }
  long result;
  register unsigned long r10 __asm__("r10") = call->args[3];
  register unsigned long r8 __asm__("r8") = call->args[4];
  register unsigned long r9 __asm__("r9") = call->args[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(call->number), "D"(call->args[0]), "S"(call->args[1]), "d"(call->args[2]), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#else
static long make(const struct call *call) {
  const unsigned long *a = call->args;
  long result = syscall((long)call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 ? -errno : result;
}
#endif

static void fail(const char *what, const char *detail) {
  dprintf(STDERR_FILENO, "probe: %s: %s\n", what, detail);
  _exit(125);
}

/* Parses a 64-bit number. strtoull also accepts negative ones. */
static unsigned long number_at(const char *text, char **end, const char *whole) {
  errno = 0;
  unsigned long long value = strtoull(text, end, 0);
  if (*end == text || errno != 0) fail("not a 64-bit number", whole);
  return (unsigned long)value;
}

static struct call parse(const char *text) {
  struct call call = {0};
  const char *colon = strchr(text, ':');
  if (colon == NULL) fail("not abi:number[:arguments]", text);
  if (strncmp(text, "x86:", 4) == 0) call.is_x86 = 1;
  else if (strncmp(text, "native:", 7) != 0) fail("the ABI is not native or x86", text);
#ifndef __x86_64__
  if (call.is_x86) fail("this CPU has no x86 ABI", text);
#endif
  char *end;
  call.number = number_at(colon + 1, &end, text);
  for (int i = 0; *end == (i == 0 ? ':' : ','); i++) {
    if (i == 6) fail("more than 6 arguments", text);
    call.args[i] = number_at(end + 1, &end, text);
  }
  if (*end != '\0') fail("not abi:number[:arguments]", text);
  return call;
}

/* Makes the call in the child process. If the call forks, the new process exits without a result. */
static void make_in_child(const struct call *call, volatile struct report *report) {
  pid_t self = getpid();
  sigset_t none;
  sigemptyset(&none);
  signal(SIGALRM, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(SECONDS);
  long value = make(call);
  if (getpid() == self) {
    report->value = value;
    report->returned = 1;
  }
  _exit(0);
}

static void print_result(const struct call *call, volatile struct report *report) {
  int status;
  report->returned = 0;
  pid_t child = fork();
  if (child < 0) fail("fork", strerror(errno));
  if (child == 0) make_in_child(call, report);
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid", strerror(errno));
  if (report->returned) {
    int failed = report->value < 0 && report->value >= -4095;
    dprintf(STDOUT_FILENO, failed ? "errno %ld\n" : "ok %ld\n", failed ? -report->value : report->value);
  } else if (WIFSIGNALED(status)) {
    dprintf(STDOUT_FILENO, "signal %d\n", WTERMSIG(status));
  } else {
    dprintf(STDOUT_FILENO, "exit %d\n", WEXITSTATUS(status));
  }
}

int main(int argc, char **argv) {
  void *shared = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap", strerror(errno));
  for (int i = 1; i < argc; i++) {
    struct call call = parse(argv[i]);
    print_result(&call, (volatile struct report *)shared);
  }
  return 0;
}
