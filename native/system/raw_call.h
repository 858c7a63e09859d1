// System calls without a C library: for the launcher, and where another thread may be using the same errno.
#pragma once

namespace seccomp {

// Makes a system call of up to five arguments. Returns its result, or a negative errno: the errno of libc stays as it
// is. The parameters are as of syscall(2), and assembly writes the variables.
// NOLINTBEGIN(bugprone-easily-swappable-parameters, misc-const-correctness)
[[gnu::always_inline]] inline long RawCall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  long result = number;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#elif defined(__riscv)
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  register long a3 asm("a3") = d;
  register long a4 asm("a4") = e;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
  return a0;
#elif defined(__powerpc64__)
  register long r0 asm("r0") = number;
  register long r3 asm("r3") = a;
  register long r4 asm("r4") = b;
  register long r5 asm("r5") = c;
  register long r6 asm("r6") = d;
  register long r7 asm("r7") = e;
  // The summary overflow bit tells that r3 is a positive errno.
  asm volatile("sc\n\tbns+ 1f\n\tneg 3, 3\n1:"
               : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
               :
               : "cr0", "ctr", "r8", "r9", "r10", "r11", "r12", "memory");
  return r3;
#elif defined(__s390x__)
  register long r1 asm("r1") = number;
  register long r2 asm("r2") = a;
  register long r3 asm("r3") = b;
  register long r4 asm("r4") = c;
  register long r5 asm("r5") = d;
  register long r6 asm("r6") = e;
  asm volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6) : "memory");
  return r2;
#elif defined(__loongarch64)
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  register long a3 asm("a3") = d;
  register long a4 asm("a4") = e;
  asm volatile("syscall 0"
               : "+r"(a0)
               : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
               : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "memory");
  return a0;
#else
#error "no system calls for this CPU"
#endif
}
// NOLINTEND(bugprone-easily-swappable-parameters, misc-const-correctness)

// A pointer as an argument of a system call.
inline long Pointer(const void* pointer) { return reinterpret_cast<long>(pointer); }

}  // namespace seccomp
