/*
 * first-call MARKER HOW: a program without libc whose first call tests whether it runs under its filter. The tests'
 * profiles make getppid(2) fail with EBADFD (77), which the kernel itself never does. On any other result, makes the
 * file MARKER. Then, by the first letter of HOW: e exits, p pauses, r reads its input to the end, w writes a megabyte.
 */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  mov $110, %eax\n  syscall\n  mov %rax, %rsi\n  mov %rsp, %rdi\n  call after\n");
enum { READ = 0, WRITE = 1, EXIT = 60, OPENAT = 257, PPOLL = 271 };
static long call4(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n  mov x8, #173\n  svc 0\n  mov x1, x0\n  mov x0, sp\n  bl after\n");
enum { READ = 63, WRITE = 64, EXIT = 93, OPENAT = 56, PPOLL = 73 };
static long call4(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "no entry point for this architecture"
#endif

enum { EBADFD = 77, AT_FDCWD = -100, O_WRONLY_CREAT = 0101, PIECE = 65536, PIECES = 16 };
static char buffer[PIECE];

/* `stack` is the initial stack: the number of arguments, and then the arguments. */
__attribute__((used)) void after(long *stack, long result) {
  if (result != -EBADFD) call4(OPENAT, AT_FDCWD, stack[2], O_WRONLY_CREAT, 0666);
  switch (*(const char *)stack[3]) {
    case 'p':
      call4(PPOLL, 0, 0, 0, 0);
      break;
    case 'r':
      while (call4(READ, 0, (long)buffer, PIECE, 0) > 0) continue;
      break;
    case 'w':
      for (int i = 0; i < PIECES; i++) call4(WRITE, 1, (long)buffer, PIECE, 0);
      break;
  }
  for (;;) call4(EXIT, result == -EBADFD ? 0 : 42, 0, 0, 0);
}
