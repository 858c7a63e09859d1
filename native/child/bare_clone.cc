#include "child/bare_clone.h"

#include <errno.h>
#include <sched.h>

#include <cstddef>
#include <cstdint>

#include "system/linux_abi.h"

#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)

// musl's clone(3) refuses CLONE_THREAD. Without CLONE_SETTLS the kernel ignores the argument for thread-local storage,
// whose place among the others depends on the CPU: both places have `id`. Returns what clone(2) does: -errno on
// failure.
extern "C" [[gnu::visibility("hidden")]] long seccomp_bare_clone(long flags, void* stack, int* parent_id,
                                                                 int* id_or_tls, int* tls_or_id, int (*function)(void*),
                                                                 void* argument);
// The same by clone3(2).
extern "C" [[gnu::visibility("hidden")]] long seccomp_bare_clone3(const void* arguments, size_t size,
                                                                  int (*function)(void*), void* argument);

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

  .hidden seccomp_bare_clone3
  .globl seccomp_bare_clone3
  .type seccomp_bare_clone3, @function
seccomp_bare_clone3:
  mov %rcx, %r8           # The kernel overwrites rcx.
  mov $435, %eax          # clone3
  syscall
  test %rax, %rax
  jnz 1f
  xor %ebp, %ebp
  mov %r8, %rdi
  call *%rdx
  mov %eax, %edi
  mov $60, %eax           # exit
  syscall
  hlt
1:
  ret
  .size seccomp_bare_clone3, .-seccomp_bare_clone3
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

  .hidden seccomp_bare_clone3
  .globl seccomp_bare_clone3
  .type seccomp_bare_clone3, @function
seccomp_bare_clone3:
  mov x8, #435            // clone3
  svc #0
  cbnz x0, 1f
  mov x29, #0
  mov x30, #0
  mov x0, x3
  blr x2
  mov x8, #93             // exit
  svc #0
  brk #0
1:
  ret
  .size seccomp_bare_clone3, .-seccomp_bare_clone3
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

  .hidden seccomp_bare_clone3
  .globl seccomp_bare_clone3
  .type seccomp_bare_clone3, @function
seccomp_bare_clone3:
  li a7, 435              # clone3
  ecall
  bnez a0, 1f
  mv a0, a3
  jalr a2
  li a7, 93               # exit
  ecall
  unimp
1:
  ret
  .size seccomp_bare_clone3, .-seccomp_bare_clone3
)");
#endif

namespace seccomp {
namespace {

// The kernel may have written a pidfd before it failed, whose number it has given back: at the limit of a cgroup.
long WithoutStalePidfd(long result, int flags, int* pidfd) {
  if (result < 0 && (static_cast<unsigned>(flags) & kClonePidfd) != 0) *pidfd = -1;
  return result;
}

}  // namespace

long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  const long result = seccomp_bare_clone(flags, stack_top, parent_id, child_id, child_id, function, argument);
  return WithoutStalePidfd(result, flags, parent_id);
}

// NOLINTBEGIN(bugprone-easily-swappable-parameters, readability-non-const-parameter): as of BareClone; the kernel
// writes to `child_id`.
long BareCloneInto(int cgroup, int (*function)(void*), void* stack_top, int flags, void* argument, int* pidfd,
                   int* child_id) {
  // NOLINTEND(bugprone-easily-swappable-parameters, readability-non-const-parameter)
  // struct clone_args of Linux 5.7. The kernel checks that the stack is below its end, and takes any size.
  constexpr uint64_t kIntoCgroup = 0x200000000;  // CLONE_INTO_CGROUP
  constexpr uintptr_t kAlignment = 16;
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
  } arguments = {};
  arguments.flags = (static_cast<unsigned>(flags) & ~unsigned{CSIGNAL}) | kIntoCgroup;
  arguments.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  arguments.child_tid = reinterpret_cast<uintptr_t>(child_id);
  // With CLONE_PARENT it is that of the calling process.
  arguments.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : flags & CSIGNAL;
  arguments.stack = reinterpret_cast<uintptr_t>(stack_top) / kAlignment * kAlignment - kAlignment;
  arguments.stack_size = kAlignment;
  arguments.cgroup = static_cast<uint64_t>(cgroup);
  const long result = seccomp_bare_clone3(&arguments, sizeof arguments, function, argument);
  return WithoutStalePidfd(result, flags, pidfd);
}

}  // namespace seccomp

#else

namespace seccomp {

long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  const int id = clone(function, stack_top, flags, argument, parent_id, nullptr, child_id);
  if (id >= 0) return id;
  if ((static_cast<unsigned>(flags) & kClonePidfd) != 0) *parent_id = -1;
  return -long{errno};
}

long BareCloneInto(int /*cgroup*/, int (* /*function*/)(void*), void* /*stack_top*/, int /*flags*/, void* /*argument*/,
                   int* /*pidfd*/, int* /*child_id*/) {
  return -ENOSYS;
}

}  // namespace seccomp

#endif
