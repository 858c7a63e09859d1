#include "guardian/process_group.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstddef>

#include "child/bare_clone.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// Of the holder, which makes a single call while the caller waits. The caller's own stack has room for it.
constexpr size_t kHolderStack = 4096;

int RunHolder(void* /*argument*/) { return static_cast<int>(-RawCall(SYS_setpgid, 0, 0)); }

void Reap(long holder) {
  while (RawCall(SYS_wait4, holder, 0, __WALL) == -EINTR) {
  }
}

}  // namespace

long HoldProcessGroup() {
  const long session = RawCall(SYS_setsid);
  if (session < 0) return session;
  alignas(16) std::array<char, kHolderStack> stack = {};
  // Without an exit signal: the kernel reaps a child with SIGCHLD by itself if that signal is ignored.
  const long holder =
      BareClone(RunHolder, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK, nullptr, nullptr, nullptr);
  if (holder < 0 || RawCall(SYS_getpgid, holder) == holder) return holder;
  Reap(holder);
  return -EPERM;
}

void EndProcessGroup(pid_t group) {
  RawCall(SYS_kill, -group, SIGKILL);
  Reap(group);
}

}  // namespace seccomp
