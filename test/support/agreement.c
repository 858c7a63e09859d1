/*
 * Makes many calls in a process under a filter, and reports the kernel's results. The filter must deny all calls with
 * an errno, so that no call has an effect; any other filter is refused. The calls are of the ABI that this program is
 * compiled for, and on x86_64 also of x32 and x86.
 *
 * Standard input, for each filter: the numbers of instructions and of calls, 32 bits each; `struct sock_filter` for each
 * instruction; `struct call` for each call. Standard output: the return value of each call, 64 bits each; or -10000 - SIGNAL if a
 * signal ended the process, and another process continued with the next call.
 *
 * A process whose every call is denied can neither write nor exit: it stores results in memory that it shares with its
 * parent, and ends by a trap. So the filter needs no exception.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDED_BY_SIGNAL (-10000)

struct call {
  uint64_t is_x86;
  uint64_t number;
  uint64_t args[6];
};

/* The memory that the child shares with its parent. */
struct shared {
  int error;       /* the errno of attaching the filter */
  int is_attached; /* whether the filter is attached */
  size_t next;     /* the index of the call that is being made; the number of calls at the end */
  int64_t results[];
};

#if defined __x86_64__

/*
 * int $0x80 takes 32-bit registers: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp. ebp and ebx are the
 * caller's. Source: arch/x86/entry/entry_64_compat.S.
 */
__asm__(
    ".text\n"
    "call_x86:\n"
    "  push %rbx\n"
    "  push %rbp\n"
    "  mov 8(%rdi), %rax\n"
    "  mov 16(%rdi), %rbx\n"
    "  mov 24(%rdi), %rcx\n"
    "  mov 32(%rdi), %rdx\n"
    "  mov 40(%rdi), %rsi\n"
    "  mov 56(%rdi), %rbp\n"
    "  mov 48(%rdi), %rdi\n"
    "  int $0x80\n"
    "  pop %rbp\n"
    "  pop %rbx\n"
    "  ret\n");
int32_t call_x86(const struct call *call);

static int64_t make(const struct call *call) {
  if (call->is_x86) return call_x86(call);
  int64_t result;
  register uint64_t r10 __asm__("r10") = call->args[3];
  register uint64_t r8 __asm__("r8") = call->args[4];
  register uint64_t r9 __asm__("r9") = call->args[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(call->number), "D"(call->args[0]), "S"(call->args[1]), "d"(call->args[2]), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined __aarch64__

static int64_t make(const struct call *call) {
  register uint64_t x8 __asm__("x8") = call->number;
  register uint64_t x0 __asm__("x0") = call->args[0];
  register uint64_t x1 __asm__("x1") = call->args[1];
  register uint64_t x2 __asm__("x2") = call->args[2];
  register uint64_t x3 __asm__("x3") = call->args[3];
  register uint64_t x4 __asm__("x4") = call->args[4];
  register uint64_t x5 __asm__("x5") = call->args[5];
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return (int64_t)x0;
}

#elif defined __arm__

/* Registers have 32 bits. r7 may be the frame pointer, so it is changed and restored within the assembly. */
static int64_t make(const struct call *call) {
  register uint32_t r0 __asm__("r0") = (uint32_t)call->args[0];
  register uint32_t r1 __asm__("r1") = (uint32_t)call->args[1];
  register uint32_t r2 __asm__("r2") = (uint32_t)call->args[2];
  register uint32_t r3 __asm__("r3") = (uint32_t)call->args[3];
  register uint32_t r4 __asm__("r4") = (uint32_t)call->args[4];
  register uint32_t r5 __asm__("r5") = (uint32_t)call->args[5];
  register uint32_t r6 __asm__("r6") = (uint32_t)call->number;
  __asm__ volatile(
      "mov r8, r7\n"
      "mov r7, r6\n"
      "svc #0\n"
      "mov r7, r8\n"
      : "+r"(r0)
      : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6)
      : "r8", "memory");
  return (int32_t)r0;
}

#elif defined __riscv && __riscv_xlen == 64

static int64_t make(const struct call *call) {
  register uint64_t a7 __asm__("a7") = call->number;
  register uint64_t a0 __asm__("a0") = call->args[0];
  register uint64_t a1 __asm__("a1") = call->args[1];
  register uint64_t a2 __asm__("a2") = call->args[2];
  register uint64_t a3 __asm__("a3") = call->args[3];
  register uint64_t a4 __asm__("a4") = call->args[4];
  register uint64_t a5 __asm__("a5") = call->args[5];
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return (int64_t)a0;
}

#else
#error "this program has no code for calls on this CPU"
#endif

static void fail(const char *what, int error) {
  fprintf(stderr, "agreement: %s: %s\n", what, strerror(error));
  exit(125);
}

static void *allocate(size_t size) {
  void *memory = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap", errno);
  return memory;
}

static void *take(size_t size) {
  void *memory = allocate(size);
  if (fread(memory, 1, size, stdin) != size) fail("standard input is too short", EINVAL);
  return memory;
}

/* Whether every return of the program denies the call with an errno that is not 0. */
static int only_denies(const struct sock_filter *program, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (BPF_CLASS(program[i].code) != BPF_RET) continue;
    int is_errno = (program[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    if (BPF_RVAL(program[i].code) != BPF_K || !is_errno || (program[i].k & SECCOMP_RET_DATA) == 0) return 0;
  }
  return 1;
}

static void make_all(const struct sock_fprog *program, const struct call *calls, size_t count,
                     volatile struct shared *shared) {
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)) {
    shared->error = errno;
    _exit(1);
  }
  shared->is_attached = 1;
  for (; shared->next < count; shared->next++) shared->results[shared->next] = make(&calls[shared->next]);
  __builtin_trap();
}

static void answer(const uint32_t counts[2]) {
  size_t count = counts[1];
  struct sock_filter *instructions = take(counts[0] * sizeof *instructions);
  struct call *calls = take(count * sizeof *calls);
  struct sock_fprog program = {(unsigned short)counts[0], instructions};
#ifndef __x86_64__
  for (size_t i = 0; i < count; i++)
    if (calls[i].is_x86) fail("this CPU has no x86 ABI", EINVAL);
#endif
  if (!only_denies(instructions, counts[0])) fail("the filter does not deny all calls", EINVAL);

  volatile struct shared *shared = allocate(offsetof(struct shared, results) + count * sizeof *shared->results);
  while (shared->next < count) {
    int status;
    shared->is_attached = 0;
    pid_t child = fork();
    if (child < 0) fail("fork", errno);
    if (child == 0) make_all(&program, calls, count, shared);
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR) fail("waitpid", errno);
    if (!shared->is_attached) fail("the filter was not attached", shared->error);
    if (!WIFSIGNALED(status)) fail("a call ended the process", EINVAL);
    if (shared->next < count) shared->results[shared->next++] = ENDED_BY_SIGNAL - WTERMSIG(status);
  }
  if (fwrite((const void *)shared->results, sizeof *shared->results, count, stdout) != count || fflush(stdout))
    fail("standard output", errno);
}

int main(void) {
  uint32_t counts[2];
  while (fread(counts, sizeof counts, 1, stdin) == 1) answer(counts);
  return 0;
}
