#include "guardian/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "child/digits.h"
#include "guardian/protocol.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// Gives this process descriptors of its own, of which execveat(2) leaves these at most. Returns 0 or a negative errno.
long KeepDescriptors(std::array<int, 3> kept) {
  long result = RawCall(kCloseRange, 0, ~0U, kCloseRangeUnshare | kCloseRangeCloexec);
  if (result != -EINVAL) return result;
  // Before Linux 5.11, descriptors can only be closed, and so at once.
  std::sort(kept.begin(), kept.end());
  unsigned flags = kCloseRangeUnshare;
  int first = 0;
  for (const int descriptor : kept) {
    if (descriptor > first) {
      result = RawCall(kCloseRange, first, descriptor - 1, flags);
      if (result != 0) return result;
      flags = 0;
    }
    first = descriptor + 1;
  }
  return RawCall(kCloseRange, first, ~0U, flags);
}

}  // namespace

void ClearFutex(int* word) {
  __atomic_store_n(word, 0, __ATOMIC_RELEASE);
  RawCall(SYS_futex, Pointer(word), FUTEX_WAKE, 1);
}

void ExecuteGuardian(int program, const Guarded& guarded, int* files_word, Failure* failure) {
  const auto fail = [failure](long result, const char* call) { *failure = {static_cast<int>(-result), call}; };
  long result = KeepDescriptors({program, guarded.control, guarded.child_pidfd});
  if (result != 0) {
    fail(result, "guardian: close_range");
    return;
  }
  if (files_word != nullptr) ClearFutex(files_word);
  RawCall(SYS_chdir, Pointer("/"));              // If it fails, the guardian only keeps a directory in use.
  RawCall(SYS_fcntl, guarded.control, F_SETFD);  // Cannot fail, nor does the next.
  RawCall(SYS_fcntl, guarded.child_pidfd, F_SETFD);
  const Digits control(guarded.control);
  const Digits pidfd(guarded.child_pidfd);
  const Digits child(guarded.child);
  const Digits group(guarded.group);
  std::array<const char*, 7> arguments = {
      kGuardianName, control.text(), pidfd.text(), child.text(), guarded.is_adopted ? "1" : "0", group.text(), nullptr};
  std::array<const char*, 1> environment = {nullptr};
  result = RawCall(SYS_execveat, program, Pointer(""), Pointer(static_cast<void*>(arguments.data())),
                   Pointer(static_cast<void*>(environment.data())), AT_EMPTY_PATH);
  fail(result, "guardian: execveat");
}

}  // namespace seccomp
