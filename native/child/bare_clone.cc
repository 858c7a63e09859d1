#include "child/bare_clone.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cstdint>
#include <new>

#include "system/linux_abi.h"
#include "system/raw_call.h"

#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)

// A system call whose new thread or process runs a Beginning. It returns the ID, or -errno as the kernel does.
extern "C" [[gnu::visibility("hidden")]] long seccomp_bare_clone(long a, long b, long c, long d, long e, long number);

// The new task takes the function and its argument from its own stack, calls it and ends.
asm(R"(
  .text
  .hidden seccomp_bare_clone
  .globl seccomp_bare_clone
  .type seccomp_bare_clone, @function
seccomp_bare_clone:
)"
#if defined(__x86_64__)
    R"(
  mov %rcx, %r10
  mov %r9, %rax
  syscall
  test %rax, %rax
  jnz 1f
  xor %ebp, %ebp
  pop %rax
  pop %rdi                # As after glibc's clone: AddressSanitizer keeps the marks of frames that end by exit.
  call *%rax
  mov %eax, %edi
  mov $60, %eax           # exit
  syscall
  hlt
)"
#elif defined(__aarch64__)
    R"(
  mov x8, x5
  svc #0
  cbnz x0, 1f
  mov x29, #0
  mov x30, #0
  ldp x1, x0, [sp], #16
  blr x1
  mov x8, #93             // exit
  svc #0
  brk #0
)"
#else
    R"(
  mv a7, a5
  ecall
  bnez a0, 1f
  ld a1, 0(sp)
  ld a0, 8(sp)
  addi sp, sp, 16
  jalr a1
  li a7, 93               # exit
  ecall
  unimp
)"
#endif
    R"(
1:
  ret
  .size seccomp_bare_clone, .-seccomp_bare_clone
)");

namespace seccomp {
namespace {

// What a new task finds at the end of its stack, which is aligned as the CPU's calls require.
struct alignas(16) Beginning {
  int (*function)(void*);
  void* argument;

  static Beginning* Put(void* stack_top, int (*function)(void*), void* argument) {
    char* const end = static_cast<char*>(stack_top) - reinterpret_cast<uintptr_t>(stack_top) % alignof(Beginning);
    return new (end - sizeof(Beginning)) Beginning{function, argument};
  }
};

// The kernel may have written a pidfd before it failed, whose number it has given back: at the limit of a cgroup.
long WithoutStalePidfd(long result, int flags, int* pidfd) {
  if (result < 0 && (static_cast<unsigned>(flags) & kClonePidfd) != 0) *pidfd = -1;
  return result;
}

}  // namespace

long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  // musl's clone(3) refuses CLONE_THREAD. Without CLONE_SETTLS the kernel ignores the argument for thread-local
  // storage, whose place among the others depends on the CPU: both places have `child_id`.
  const long id = Pointer(child_id);
  const long result = seccomp_bare_clone(flags, Pointer(Beginning::Put(stack_top, function, argument)),
                                         Pointer(parent_id), id, id, SYS_clone);
  return WithoutStalePidfd(result, flags, parent_id);
}

// NOLINTBEGIN(bugprone-easily-swappable-parameters, readability-non-const-parameter): as of BareClone; the kernel
// writes to `child_id`.
long BareCloneInto(int cgroup, int (*function)(void*), void* stack_top, int flags, void* argument, int* pidfd,
                   int* child_id) {
  // NOLINTEND(bugprone-easily-swappable-parameters, readability-non-const-parameter)
  // struct clone_args of Linux 5.7. The kernel checks that the stack is below its end, and takes any size.
  constexpr uint64_t kIntoCgroup = 0x200000000;  // CLONE_INTO_CGROUP
  struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
  } arguments = {};
  arguments.flags = (static_cast<unsigned>(flags) & ~unsigned{CSIGNAL}) | kIntoCgroup;
  arguments.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  arguments.child_tid = reinterpret_cast<uintptr_t>(child_id);
  // With CLONE_PARENT it is that of the calling process.
  arguments.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : flags & CSIGNAL;
  arguments.stack_size = sizeof(Beginning);
  arguments.stack = reinterpret_cast<uintptr_t>(Beginning::Put(stack_top, function, argument)) - sizeof(Beginning);
  arguments.cgroup = static_cast<uint64_t>(cgroup);
  const long result = seccomp_bare_clone(Pointer(&arguments), sizeof arguments, 0, 0, 0, kClone3);
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
