/*
 * attack HOW DIRECTORY: tries to make a directory, which the profile denies, in a way that a filter might overlook.
 *
 * Exit codes: 0 if the directory was made; 1 if the last call failed, and its errno is printed; 2 if this machine lacks
 * the way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the static program itself, whose addresses are below 4 GB, so that x86 calls can use them. */
static char path[4096];
static char *program;

static long plain(void) { return syscall(SYS_mkdirat, AT_FDCWD, path, 0700L); }

/* Returns the result of another process, whose exit code is 0 or an errno. */
static long through(pid_t child) {
  int status;
  if (child < 0) return -1;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return -1;
}

static long by_child(void) {
  pid_t child = fork();
  if (child == 0) _exit(plain() == 0 ? 0 : errno);
  return through(child);
}

static void *in_thread(void *error) {
  *(int *)error = plain() == 0 ? 0 : errno;
  return NULL;
}

static long by_thread(void) {
  pthread_t thread;
  int error = EAGAIN;
  if (pthread_create(&thread, NULL, in_thread, &error) != 0) return -1;
  pthread_join(thread, NULL);
  errno = error;
  return error == 0 ? 0 : -1;
}

/* Attaches a filter that allows everything, and then tries to switch filters off. */
static long by_looser_filter(void) {
  struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {1, allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return -1;
  prctl(PR_SET_SECCOMP, 0, 0, 0, 0);
  return plain();
}

/* Executes a copy of this program that is in memory only, which then makes the directory. */
static long by_memfd(void) {
  char copy[4096];
  int from = open("/proc/self/exe", O_RDONLY);
  int to = (int)syscall(SYS_memfd_create, "copy", 0);
  for (ssize_t size; (size = read(from, copy, sizeof copy)) > 0;)
    if (write(to, copy, (size_t)size) != size) return -1;
  char *args[] = {program, "plain", path, NULL};
  pid_t child = fork();
  if (child == 0) {
    syscall(SYS_execveat, to, "", args, NULL, AT_EMPTY_PATH);
    _exit(errno);
  }
  return through(child);
}

#ifdef __x86_64__
static long raw(uint64_t number) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(path), "S"(0700L), "d"(0L) : "rcx", "r11", "memory");
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

static long by_x32(void) { return raw(0x40000000 | SYS_mkdir); }
/* The kernel reads only 32 bits of the number. */
static long by_high_bits(void) { return raw(0xdeadbeef00000000 | SYS_mkdir); }

/* time() in the vsyscall page, which the kernel emulates. Source: arch/x86/entry/vsyscall/vsyscall_64.c. */
static long by_vsyscall(void) {
  long now = ((long (*)(long *))0xffffffffff600400)(NULL);
  errno = (int)-now;
  return now > 0 ? 0 : -1;
}

static long by_int80(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(39L), "b"(path), "c"(0700L) : "r8", "r9", "r10", "r11", "memory");
  if ((int)result >= 0) return 0;
  errno = -(int)result;
  return -1;
}

/* Makes the call whose number was written into this program's code while it runs, through /proc/self/mem. */
__attribute__((noinline, aligned(64))) static long patched(const char *directory, long mode) {
  long result;
  __asm__ volatile(".global call_site\ncall_site: mov $39, %%eax\n syscall" /* getpid */
                   : "=a"(result)
                   : "D"(directory), "S"(mode)
                   : "rcx", "r11", "memory");
  return result;
}
extern char call_site[];

static long by_proc_mem(void) {
  uint32_t number = SYS_mkdir;
  int memory = open("/proc/self/mem", O_RDWR);
  if (pwrite(memory, &number, sizeof number, (off_t)(uintptr_t)(call_site + 1)) != sizeof number) exit(2);
  long result = patched(path, 0700);
  errno = (int)-result;
  return result == 0 ? 0 : -1;
}

/* A tracer changes a harmless call of its child into mkdir(2) after the child made it. */
static long by_tracer(void) {
  int status;
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(99);
    raise(SIGSTOP);
    _exit(raw(SYS_getppid) == 0 ? 0 : errno); /* getppid() by itself is never 0 here */
  }
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) exit(2);
  for (int changed = 0; !changed;) {
    struct user_regs_struct registers;
    ptrace(PTRACE_SYSCALL, child, 0, 0);
    if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) exit(2);
    ptrace(PTRACE_GETREGS, child, 0, &registers);
    if (registers.orig_rax != SYS_getppid) continue;
    registers.orig_rax = SYS_mkdir;
    ptrace(PTRACE_SETREGS, child, 0, &registers);
    changed = 1;
  }
  ptrace(PTRACE_DETACH, child, 0, 0);
  return through(child);
}

/* sigreturn(2) sets the registers of a call that the program's code does not make. */
static volatile int handled;
static void set_registers(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  registers[REG_RIP] = (greg_t)(call_site + 5); /* its syscall instruction */
  registers[REG_RAX] = SYS_mkdir;
  registers[REG_RDI] = (greg_t)path;
  registers[REG_RSI] = 0700;
  handled = 1;
}

static long by_sigreturn(void) {
  struct sigaction action = {.sa_sigaction = set_registers, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  /* The signal is taken in the frame of patched(), between its first instruction, which traps, and the call. */
  sigaction(SIGTRAP, &action, NULL);
  uint8_t trap = 0xcc;
  int memory = open("/proc/self/mem", O_RDWR);
  if (pwrite(memory, &trap, 1, (off_t)(uintptr_t)call_site) != 1) exit(2);
  long result = patched(path, 0700);
  if (!handled) exit(2);
  errno = (int)-result;
  return result == 0 ? 0 : -1;
}
#endif

static const struct {
  const char *name;
  long (*attack)(void);
} ways[] = {
    {"plain", plain},
    {"child", by_child},
    {"thread", by_thread},
    {"looser filter", by_looser_filter},
    {"memfd", by_memfd},
#ifdef __x86_64__
    {"x32", by_x32},
    {"high bits of the number", by_high_bits},
    {"vsyscall", by_vsyscall},
    {"int 0x80", by_int80},
    {"/proc/self/mem", by_proc_mem},
    {"tracer", by_tracer},
    {"sigreturn", by_sigreturn},
#endif
};

int main(int argc, char **argv) {
  if (argc != 3 || strlen(argv[2]) >= sizeof path) return 2;
  program = argv[0];
  strcpy(path, argv[2]);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(ways[i].name, argv[1]) != 0) continue;
    if (ways[i].attack() == 0) return 0;
    printf("%d\n", errno);
    return 1;
  }
  return 2;
}
