#include "child/bare_thread.h"

#include <errno.h>
#include <sched.h>

#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)

// musl's clone(3) refuses CLONE_THREAD. Without CLONE_SETTLS the kernel ignores the argument for thread-local storage,
// whose place among the others depends on the CPU: both places have `id`. Returns what clone(2) does: -errno on
// failure.
extern "C" [[gnu::visibility("hidden")]] long seccomp_clone_thread(long flags, void* stack, pid_t* parent_id,
                                                                   pid_t* id_or_tls, pid_t* tls_or_id,
                                                                   int (*function)(void*), void* argument);

#if defined(__x86_64__)
asm(R"(
  .text
  .hidden seccomp_clone_thread
  .globl seccomp_clone_thread
  .type seccomp_clone_thread, @function
seccomp_clone_thread:
  mov 8(%rsp), %rax       # The argument, which the new thread takes from its own stack.
  and $-16, %rsi
  sub $16, %rsi
  mov %rax, (%rsi)
  mov %rcx, %r10
  mov $56, %eax           # clone
  syscall
  test %rax, %rax
  jnz 1f
  xor %ebp, %ebp
  mov (%rsp), %rdi
  add $16, %rsp           # As after glibc's clone: AddressSanitizer keeps the marks of frames that end by exit.
  call *%r9
  mov %eax, %edi
  mov $60, %eax           # exit
  syscall
  hlt
1:
  ret
  .size seccomp_clone_thread, .-seccomp_clone_thread
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .hidden seccomp_clone_thread
  .globl seccomp_clone_thread
  .type seccomp_clone_thread, @function
seccomp_clone_thread:
  and x1, x1, #-16
  mov x8, #220            // clone
  svc #0
  cbnz x0, 1f
  mov x29, #0
  mov x30, #0
  mov x0, x6
  blr x5
  mov x8, #93             // exit
  svc #0
  brk #0
1:
  ret
  .size seccomp_clone_thread, .-seccomp_clone_thread
)");
#else
asm(R"(
  .text
  .hidden seccomp_clone_thread
  .globl seccomp_clone_thread
  .type seccomp_clone_thread, @function
seccomp_clone_thread:
  andi a1, a1, -16
  li a7, 220              # clone
  ecall
  bnez a0, 1f
  mv a0, a6
  jalr a5
  li a7, 93               # exit
  ecall
  unimp
1:
  ret
  .size seccomp_clone_thread, .-seccomp_clone_thread
)");
#endif

namespace seccomp {

int StartBareThread(int (*function)(void*), void* stack_top, int flags, void* argument, pid_t* id) {
  const long result = seccomp_clone_thread(flags, stack_top, id, id, id, function, argument);
  return result < 0 ? static_cast<int>(-result) : 0;
}

}  // namespace seccomp

#else

namespace seccomp {

int StartBareThread(int (*function)(void*), void* stack_top, int flags, void* argument, pid_t* id) {
  return clone(function, stack_top, flags, argument, id, nullptr, id) < 0 ? errno : 0;
}

}  // namespace seccomp

#endif
