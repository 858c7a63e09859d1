// System calls without a C library: for the launcher, and where another thread may be using the same errno.
#pragma once

namespace seccomp {

// The registers of a CPU that hold the number of a call and its arguments, of which the first then holds the result.
#define SECCOMP_REGISTERS(of_number, of_first, of_second, of_third, of_fourth, of_fifth) \
  register long call asm(of_number) = number;                                            \
  register long first asm(of_first) = a;                                                 \
  register long second asm(of_second) = b;                                               \
  register long third asm(of_third) = c;                                                 \
  register long fourth asm(of_fourth) = d;                                               \
  register long fifth asm(of_fifth) = e

// Makes a system call of up to five arguments. Returns its result, or a negative errno: the errno of libc stays as it
// is. The parameters are as of syscall(2), and assembly writes the variables.
// NOLINTBEGIN(bugprone-easily-swappable-parameters, misc-const-correctness)
[[gnu::always_inline]] inline long RawCall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  SECCOMP_REGISTERS("rax", "rdi", "rsi", "rdx", "r10", "r8");
  asm volatile("syscall"
               : "+r"(call)
               : "r"(first), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
               : "rcx", "r11", "memory");
  first = call;
#elif defined(__aarch64__)
  SECCOMP_REGISTERS("x8", "x0", "x1", "x2", "x3", "x4");
  asm volatile("svc 0" : "+r"(first) : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "memory");
#elif defined(__riscv)
  SECCOMP_REGISTERS("a7", "a0", "a1", "a2", "a3", "a4");
  asm volatile("ecall" : "+r"(first) : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "memory");
#elif defined(__powerpc64__)
  SECCOMP_REGISTERS("r0", "r3", "r4", "r5", "r6", "r7");
  // The summary overflow bit tells that r3 is a positive errno.
  asm volatile("sc\n\tbns+ 1f\n\tneg 3, 3\n1:"
               : "+r"(call), "+r"(first), "+r"(second), "+r"(third), "+r"(fourth), "+r"(fifth)
               :
               : "cr0", "ctr", "r8", "r9", "r10", "r11", "r12", "memory");
#elif defined(__s390x__)
  SECCOMP_REGISTERS("r1", "r2", "r3", "r4", "r5", "r6");
  asm volatile("svc 0" : "+d"(first) : "d"(call), "d"(second), "d"(third), "d"(fourth), "d"(fifth) : "memory");
#elif defined(__loongarch64)
  SECCOMP_REGISTERS("a7", "a0", "a1", "a2", "a3", "a4");
  asm volatile("syscall 0"
               : "+r"(first)
               : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
               : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "memory");
#else
#error "no system calls for this CPU"
#endif
  return first;
}
#undef SECCOMP_REGISTERS
// NOLINTEND(bugprone-easily-swappable-parameters, misc-const-correctness)

// A pointer as an argument of a system call.
inline long Pointer(const void* pointer) { return reinterpret_cast<long>(pointer); }

}  // namespace seccomp
