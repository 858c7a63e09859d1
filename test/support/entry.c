/*
 * A program without libc that saves all registers at its entry point, and leaves its initial stack as it is. Writes
 * "ready", and waits until a test has read its memory.
 */
#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov %rax, general+0(%rip)\n  mov %rbx, general+8(%rip)\n  mov %rcx, general+16(%rip)\n"
    "  mov %rdx, general+24(%rip)\n  mov %rsi, general+32(%rip)\n  mov %rdi, general+40(%rip)\n"
    "  mov %rbp, general+48(%rip)\n  mov %rsp, general+56(%rip)\n  mov %r8, general+64(%rip)\n"
    "  mov %r9, general+72(%rip)\n  mov %r10, general+80(%rip)\n  mov %r11, general+88(%rip)\n"
    "  mov %r12, general+96(%rip)\n  mov %r13, general+104(%rip)\n  mov %r14, general+112(%rip)\n"
    "  mov %r15, general+120(%rip)\n"
    "  fxsave64 vector(%rip)\n"
    "  call after\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  adrp x30, general\n  add x30, x30, :lo12:general\n"
    "  stp x0, x1, [x30, #0]\n  stp x2, x3, [x30, #16]\n  stp x4, x5, [x30, #32]\n  stp x6, x7, [x30, #48]\n"
    "  stp x8, x9, [x30, #64]\n  stp x10, x11, [x30, #80]\n  stp x12, x13, [x30, #96]\n  stp x14, x15, [x30, #112]\n"
    "  bl after\n");
#else
#error "no entry point for this architecture"
#endif

unsigned long general[16];
unsigned char vector[512] __attribute__((aligned(16)));

static long call3(long number, long a, long b, long c) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
#endif
}

#if defined(__x86_64__)
enum { WRITE = 1, READ = 0, EXIT = 60 };
#else
enum { WRITE = 64, READ = 63, EXIT = 93 };
#endif

__attribute__((used)) void after(void) {
  static const char ready[] = "ready\n";
  char byte;
  call3(WRITE, 1, (long)ready, sizeof ready - 1);
  call3(READ, 0, (long)&byte, 1); /* Returns when the test closes the standard input. */
  call3(EXIT, 0, 0, 0);
}
