// The part of a child that runs between clone(2) and execve(2).
#pragma once

#include <linux/filter.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "guardian/protocol.h"
#include "system/failure.h"

namespace seccomp {

// The number of 64-bit words of the gate value, which opens the exec gate. A call passes the words in its arguments 3,
// 4 and 5, counted from 0.
constexpr size_t kGateWords = 3;

// An instruction of a filter whose constant is one half of a word of the gate value.
struct GatePatch {
  uint16_t instruction;
  // 0: the low half of argument 3, 1: its high half, and so on up to 5: the high half of argument 5.
  uint16_t half;
};

// A filter to attach. The child first writes the gate value into its instructions.
struct ChildFilter {
  sock_filter* instructions;
  uint16_t length;
  const GatePatch* gate;
  size_t gate_length;
};

// A filter that keeps the child from slowing its guardian. The child first writes the guardian's process ID into the
// instructions with these indices.
struct GuardianFilter {
  void Name(pid_t guardian) {
    for (const uint16_t site : sites) instructions[site].k = static_cast<uint32_t>(guardian);
  }

  std::vector<sock_filter> instructions;
  std::vector<uint16_t> sites;
};

// The most parts of the message that is sent with a listener.
constexpr size_t kMaxMessageParts = 3;

// RLIMIT_* with its soft and its hard value; ~0 is RLIM_INFINITY.
struct ResourceLimit {
  int resource;
  uint64_t soft;
  uint64_t hard;
};

// What a request says that its child does.
struct ChildOptions {
  bool new_session = false;
  std::optional<uint32_t> uid, gid;
  std::vector<ResourceLimit> limits;
  // A descriptor of the directory of the cgroup that the child enters before all else, which the caller keeps open; -1:
  // none.
  int cgroup = -1;
  // With a value, the child writes no core dump. With true, it ends if it cannot prevent that.
  std::optional<bool> isolation;
  bool domain_required = false;   // Whether the child ends if it can't enter its Landlock domain.
  bool in_process_group = false;  // Whether its guarded tree is a process group, which its filter keeps it in.
  std::optional<GuardianFilter> guardian_filter;  // Attached before all other filters.
  std::optional<TreeLimits> tree_limits;  // Those for which the guardian weighs the tree, which is no process group.
  // A bit for each capability that stays. All others are removed from the five sets.
  std::optional<uint64_t> kept_capabilities;
  bool no_new_privileges = true;
  uint32_t filter_flags = 0;  // SECCOMP_FILTER_FLAG_*
};

// Everything that a child needs, prepared by its parent. Both share their memory, so nothing is copied and the child
// reports in the plan itself. The child changes `failure`, `domain_error`, `has_entered_group`, `attached`,
// `other_thread`, `listener_socket`, `guardian_socket`, `guardian`, `shell_argv[1]`, the descriptors and the
// instructions of the filters, and only reads the rest.
struct ChildPlan : ChildOptions {
  explicit ChildPlan(const ChildOptions& options) : ChildOptions(options) {}

  // Paths that are passed to execve(2) in turn, and the arguments of the shell that runs a file for which the kernel
  // has no format (ENOEXEC).
  std::vector<const char*> candidates;
  std::vector<char*> argv, shell_argv, envp;
  // The child's descriptor i is a duplicate of the parent's descriptors[i]; -1: it is closed. execve(2) closes all
  // others.
  std::vector<int> descriptors;
  const char* cwd = nullptr;    // nullptr: the parent's.
  bool born_in_cgroup = false;  // Whether the child is a member of its cgroup already.
  // With `in_process_group` the child of a guarded start enters the group that the starter has made, before all else.
  pid_t process_group = 0;
  bool has_entered_group = false;
  // Whether signals get their default dispositions first. Not for a thread, which shares them with its process.
  bool reset_signals = false;
  // The ruleset of the Landlock domain that the child enters, or -1. If it cannot, it ends if `domain_required` is set;
  // otherwise it goes on and `domain_error` has the errno.
  int ruleset = -1;
  int domain_error = 0;
  bool has_paths = false;  // Whether that domain handles access to files.
  // Of a child with a guardian: a socket from which a byte is to be received before the program runs (-1: the child
  // waits for nothing), and its other end (-1: it has none), which the child closes: it could not see otherwise that
  // the guardian's end is closed.
  int guardian_socket = -1;
  int guardian_end = -1;
  pid_t guardian = 0;  // Its ID. 0: there is none, or it is not started yet.
  // Called before the child enters a domain of its own; null if the child was not cloned in that of its guardian.
  // Returns false if the program must not run.
  bool (*join_guardian)(void* guarded_start) = nullptr;
  void* guarded_start = nullptr;
  // In the order in which they are attached. Each but the last has a gate for seccomp(2).
  std::vector<ChildFilter> filters;
  // With SECCOMP_FILTER_FLAG_NEW_LISTENER: the socket to which the listener is sent, and the message that is sent with
  // it, of at most kMaxMessageParts parts. The child inserts its process ID, in decimal, between each two parts.
  int listener_socket = -1;
  std::vector<iovec> message;
  // Set by AttachFilters: the number of filters attached. With SECCOMP_FILTER_FLAG_TSYNC, `other_thread` is the thread
  // whose own filters made the kernel attach none.
  size_t attached = 0;
  pid_t other_thread = 0;
  // The syscall that ends the child: SYS_exit_group for a process, SYS_exit for a thread.
  long exit_call = 0;
  Failure failure = {};
};

// Sets no_new_privs and attaches the filters of the plan: to the calling thread, with SECCOMP_FILTER_FLAG_TSYNC to all
// threads of this process. Returns false with the reason in `plan->failure`. The gate value stays only in the
// instructions of the filters, which the caller has to wipe. Async-signal-safe.
bool AttachFilters(ChildPlan* plan);

// Attaches the filters of the plan to this process and calls `work`; if attaching fails, the reason is in
// `plan->failure` and `work` is not called. Then ends the process by exit_call, for which the filters have a gate.
// Async-signal-safe.
[[noreturn]] void RunUnderFilters(ChildPlan* plan, void (*work)(void*), void* context);

// Carries out the plan, and returns only by ending the child, with the reason in `plan->failure`. The gate value stays
// on the child's stack and in the filters: the parent wipes both, however the child ended. Async-signal-safe: it
// allocates nothing, takes no lock, and calls only functions of libc that are plain syscalls.
int RunChild(void* plan);

// BareClone of RunChild. If the plan has a cgroup and the kernel can't let the child be born there, the child enters it
// by itself.
//
// With a cgroup, the calling process waits until the child has executed its program or has ended. This is not only for
// the plan: when the cgroup runs out of memory, the kernel kills all processes that share the memory of one of its
// members, which the child does with Node until then. It spares a member that was cloned with CLONE_VFORK. Source:
// in_vfork() of include/linux/sched/mm.h, and oom_badness() of mm/oom_kill.c.
long CloneChild(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id);

}  // namespace seccomp
