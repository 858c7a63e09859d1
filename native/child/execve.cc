// A new thread attaches the filter to itself alone and calls execve(2), which ends all other threads and keeps the
// process ID. If that fails, the thread ends, and no other thread of the process ever had the filter.
#include "child/execve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <vector>

#include "child/bare_clone.h"
#include "child/deferred_signals.h"
#include "guardian/replacement.h"
#include "system/dumpable.h"
#include "system/signals_blocked.h"
#include "system/unix_socket.h"

namespace seccomp {
namespace {

// Restores the resource limits that the plan changes, which all threads share. A hard limit that was lowered can be
// raised again only with CAP_SYS_RESOURCE.
class LimitsKept {
 public:
  explicit LimitsKept(const ChildPlan& plan) {
    if (plan.isolation) Save(RLIMIT_CORE);
    for (const ResourceLimit& limit : plan.limits) Save(limit.resource);
  }
  ~LimitsKept() {
    for (const ResourceLimit& limit : saved_) {
      const uint64_t values[] = {limit.soft, limit.hard};
      syscall(SYS_prlimit64, 0, limit.resource, values, nullptr);
    }
  }
  LimitsKept(const LimitsKept&) = delete;
  LimitsKept& operator=(const LimitsKept&) = delete;

 private:
  void Save(int resource) {
    uint64_t values[2] = {};
    if (syscall(SYS_prlimit64, 0, resource, nullptr, values) == 0) saved_.push_back({resource, values[0], values[1]});
  }

  std::vector<ResourceLimit> saved_;
};

// Restores O_NONBLOCK of this process's descriptors, which the program is not to have: it is a flag of the open file,
// which all threads share.
class NonBlockingKept {
 public:
  explicit NonBlockingKept(const std::vector<int>& descriptors) {
    for (const int descriptor : descriptors) {
      const int flags = descriptor < 0 ? -1 : fcntl(descriptor, F_GETFL);
      if (flags >= 0 && (flags & O_NONBLOCK) != 0) saved_.push_back(descriptor);
    }
  }
  ~NonBlockingKept() {
    for (const int descriptor : saved_) fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  }
  NonBlockingKept(const NonBlockingKept&) = delete;
  NonBlockingKept& operator=(const NonBlockingKept&) = delete;

 private:
  std::vector<int> saved_;
};

// Runs the plan on a new thread and waits for the end of that thread.
Failure RunOnThread(ChildPlan* plan, const ChildMemory& memory, bool guarded) {
  GuardedReplacement replacement;
  if (guarded) {
    const Failure failure = replacement.Prepare(plan, memory);
    if (failure.error != 0) return failure;
  }
  // Without CLONE_FILES and CLONE_FS the thread has a descriptor table and a working directory of its own, so a failure
  // leaves those of this process as they were.
  const int flags =
      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  const DeferredSignals signals;
  const LimitsKept limits(*plan);
  std::atomic<pid_t> thread{0};  // The kernel clears it when the thread has ended, and wakes this thread.
  static_assert(sizeof thread == sizeof(pid_t));
  {
    // The thread inherits the mask, and unblocks the signals before it attaches filters. This thread does not block
    // them while it waits: the kernel prefers the process's main thread for signals that are sent to the process. The
    // program inherits an empty mask, so the thread cannot block them until execve(2); one that arrives under the
    // filters returns from its handler by rt_sigreturn(2), which a filter may deny.
    const SignalsBlocked blocked;
    if (blocked.error() != 0) return {blocked.error(), "rt_sigprocmask"};
    auto* id = reinterpret_cast<pid_t*>(&thread);
    const long result = guarded ? BareClone(RunChildGuarded, memory.stack_top(), flags, &replacement, id, id)
                                : BareClone(RunChild, memory.stack_top(), flags, plan, id, id);
    if (result < 0) return {static_cast<int>(-result), "clone"};
  }
  for (pid_t id = thread; id != 0; id = thread) syscall(SYS_futex, &thread, FUTEX_WAIT, id, nullptr, nullptr, 0);
  return plan->failure;
}

}  // namespace

Failure ReplaceThisProcess(Request* request) {
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return {errno, "mmap"};
  PreparedPlan plan(request, memory);
  plan->descriptors = request->stdio;
  const NonBlockingKept flags(request->stdio);
  plan->exit_call = SYS_exit;
  const Descriptor ruleset = plan.OpenDomain();
  if (plan->failure.error != 0) return plan->failure;
  Descriptor agent;
  if (request->agent) {
    const Failure failure = ConnectToPath(request->agent->path, &agent);
    if (failure.error != 0) return failure;
    plan->listener_socket = agent.get();
  }
  std::optional<DumpableKept> dumpable;
  if (request->uid || request->gid) dumpable.emplace();
  return RunOnThread(plan.get(), *memory, request->guarded);
}

}  // namespace seccomp
