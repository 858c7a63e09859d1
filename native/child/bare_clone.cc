#include "child/bare_clone.h"

#include <errno.h>
#include <sched.h>

#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)

// musl's clone(3) refuses CLONE_THREAD. Without CLONE_SETTLS the kernel ignores the argument for thread-local storage,
// whose place among the others depends on the CPU: both places have `id`. Returns what clone(2) does: -errno on
// failure.
extern "C" [[gnu::visibility("hidden")]] long seccomp_bare_clone(long flags, void* stack, int* parent_id,
                                                                 int* id_or_tls, int* tls_or_id, int (*function)(void*),
                                                                 void* argument);

#if defined(__x86_64__)
asm(R"(
  .text
  .hidden seccomp_bare_clone
  .globl seccomp_bare_clone
  .type seccomp_bare_clone, @function
seccomp_bare_clone:
  mov 8(%rsp), %rax       # The argument, which the new task takes from its own stack.
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
  .size seccomp_bare_clone, .-seccomp_bare_clone
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .hidden seccomp_bare_clone
  .globl seccomp_bare_clone
  .type seccomp_bare_clone, @function
seccomp_bare_clone:
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
  .size seccomp_bare_clone, .-seccomp_bare_clone
)");
#else
asm(R"(
  .text
  .hidden seccomp_bare_clone
  .globl seccomp_bare_clone
  .type seccomp_bare_clone, @function
seccomp_bare_clone:
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
  .size seccomp_bare_clone, .-seccomp_bare_clone
)");
#endif

namespace seccomp {

long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  return seccomp_bare_clone(flags, stack_top, parent_id, child_id, child_id, function, argument);
}

}  // namespace seccomp

#else

namespace seccomp {

long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  const int id = clone(function, stack_top, flags, argument, parent_id, nullptr, child_id);
  return id < 0 ? -long{errno} : id;
}

}  // namespace seccomp

#endif
