#include "child/guarded_start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <new>
#include <utility>

#include "child/bare_clone.h"
#include "child/cgroup_clone.h"
#include "guardian/process_group.h"
#include "guardian/program.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// What the child, the guardian-to-be and C0 share with this process. It is in the ChildMemory, since the latter use it
// longer than the start takes.
struct GuardedStart {
  // The kernel sets a word to 0 and wakes its waiters when the process does not use this memory any more: when it has
  // executed a program or has ended.
  int starter_word = 0;  // The first member: see ChildMemory::starter_stack_top. Of C0 or the guardian-to-be.
  int child_word = 1;
  int files_word = 1;  // Cleared when this process's descriptors are not shared any more, and when the start fails.
  ChildPlan* plan = nullptr;
  void* child_stack = nullptr;
  void* guardian_stack = nullptr;
  pid_t parent = 0;
  int ruleset = -1;  // Of domain A; -1: there is none, and the tree is a process group.
  int control = -1, program = -1;
  // Set by those who share it.
  Failure failure = {};
  pid_t group = 0;  // Where there is no domain.
  pid_t child = 0, guardian = 0;
  int child_pidfd = -1, guardian_pidfd = -1;

  bool Fail(long result, const char* call) {
    failure = {static_cast<int>(-result), call};
    return false;
  }

  // Outside of a domain, kill(-1, …) would reach every process of the user. A domain cannot be left, so this is checked
  // once, before anything is cloned: signal 0 to the parent worked before, and must be denied now.
  bool EnterDomain() {
    long result = RawCall(SYS_kill, parent);
    if (result != 0) return Fail(result, "guardian: kill");
    if (plan->no_new_privileges) {
      result = RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
      if (result != 0) return Fail(result, "guardian: prctl");
    }
    result = RawCall(kLandlockRestrictSelf, ruleset);
    if (result != 0) return Fail(result, "guardian: landlock_restrict_self");
    result = RawCall(SYS_kill, parent);
    return result == -EPERM || Fail(result == 0 ? -EXDEV : result, "guardian: kill");
  }
};
static_assert(sizeof(GuardedStart) <= kStarterRoom);

// C0's steps. It uses the thread-local storage of the thread that waits for it, and so does the child at the same time:
// errno is not touched here.
class Starter {
 public:
  explicit Starter(GuardedStart* start) : start_(*start) {}
  ~Starter() = default;
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;

  void Run() {
    if (!EnclosesTree() || !CloneChild()) {
      ClearFutex(&start_.child_word);
    } else {
      const Guarded guarded = {start_.control, start_.child_pidfd, start_.child, false, start_.group};
      ExecuteGuardian(start_.program, guarded, &start_.files_word, &start_.failure);
      if (start_.ruleset >= 0) RawCall(SYS_kill, -1, SIGKILL);  // Without a guardian there must be no tree.
    }
    if (start_.group > 0) EndProcessGroup(start_.group);
    ClearFutex(&start_.files_word);
  }

 private:
  bool EnclosesTree() { return start_.ruleset < 0 ? MakeGroup() : start_.EnterDomain(); }

  bool MakeGroup() {
    const long group = HoldProcessGroup();
    if (group < 0) return start_.Fail(group, "guardian: setpgid");
    start_.group = static_cast<pid_t>(group);
    return true;
  }

  // CLONE_PARENT: the child's parent is this process's parent, and its exit signal C0's own, SIGCHLD. With C0's
  // descriptors shared, the pidfd is one of the parent's.
  bool CloneChild() {
    const int flags = CLONE_VM | CLONE_PARENT | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;
    start_.plan->process_group = start_.group;
    start_.plan->guardian = static_cast<pid_t>(RawCall(SYS_getpid));
    const auto clone = start_.plan->cgroup >= 0 ? CloneIntoCgroup : CloneOutside;
    const long child = clone(start_.plan, start_.child_stack, flags, &start_.child_pidfd, &start_.child_word);
    if (child < 0) return start_.Fail(child, "clone");
    start_.child = static_cast<pid_t>(child);
    return true;
  }

  static long CloneOutside(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id) {
    return BareClone(RunChild, stack_top, flags, plan, pidfd, child_id);
  }

  GuardedStart& start_;
};

int RunStarter(void* start) {
  Starter(static_cast<GuardedStart*>(start)).Run();
  return kNotStarted;
}

// Becomes the guardian of the child that has cloned it, in the child's domain A.
int RunClonedGuardian(void* argument) {
  auto& start = *static_cast<GuardedStart*>(argument);
  ExecuteGuardian(start.program, {start.control, start.child_pidfd, start.child, false, 0}, nullptr, &start.failure);
  RawCall(SYS_kill, -1, SIGKILL);  // Without a guardian there must be no tree.
  return kNotStarted;
}

// Of the child: enters domain A and starts the guardian there. The child then yields, since the kernel moves a process
// to an idle processor when it calls execve(2): the child goes on while the guardian is executed.
bool StartGuardianBeside(GuardedStart* shared) {
  GuardedStart& start = *shared;
  start.child = static_cast<pid_t>(RawCall(SYS_getpid));
  if (!start.EnterDomain()) return false;
  // CLONE_PARENT as in CloneChild. The pidfd is one of the parent's; its other descriptors are copies.
  const int flags = CLONE_VM | CLONE_PARENT | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;
  start.starter_word = 1;
  const long guardian =
      BareClone(RunClonedGuardian, start.guardian_stack, flags, &start, &start.guardian_pidfd, &start.starter_word);
  if (guardian < 0) {
    start.starter_word = 0;
    return start.Fail(guardian, "guardian: clone");
  }
  start.guardian = static_cast<pid_t>(guardian);
  start.plan->guardian = start.guardian;
  RawCall(SYS_sched_yield);
  // The child changes its descriptors from now on. All but the program's are closed by execve(2), as elsewhere.
  const long result = RawCall(kCloseRange, STDERR_FILENO + 1, ~0U, kCloseRangeUnshare | kCloseRangeCloexec);
  return result == 0 || start.Fail(result, "guardian: close_range");
}

bool StartOwnGuardian(void* guarded_start) {
  auto* start = static_cast<GuardedStart*>(guarded_start);
  const bool is_started = StartGuardianBeside(start);
  __atomic_store_n(&start->files_word, 0, __ATOMIC_RELEASE);
  return is_started;
}

// Waits until a word is cleared, by the process that is to clear it or by the kernel. If that process is killed before,
// which nothing reports, the wait ends after the pause.
template <typename IsExpected>
void WaitFor(const int* word, const timespec& pause, IsExpected is_expected) {
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 0 && is_expected()) {
    RawCall(SYS_futex, Pointer(word), FUTEX_WAIT, 1, Pointer(&pause));
  }
}

// The guardian's end of its socket, and the ruleset of domain A.
struct GuardianDescriptors {
  Descriptor socket, ruleset;

  Failure Open(PrivateDescriptor* control, const ChildPlan& plan) {
    if (GuardianProgram() < 0) return {ENOENT, "guardian: open"};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
    *control = PrivateDescriptor(Descriptor(pair[0]));
    socket = Descriptor(pair[1]);
    if (plan.in_process_group) return {};
    ruleset = Descriptor(OpenRuleset(TreeDomain(plan.has_paths)));
    return ruleset.get() >= 0 ? Failure{} : Failure{errno, "guardian: landlock_create_ruleset"};
  }
};

constexpr timespec kPause = {1, 0};
constexpr timespec kStartPause = {0, 20'000'000};

constexpr int kStartFlags = CLONE_VM | CLONE_FILES | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;

// The child clones its guardian.
void CloneBeforeGuardian(GuardedStart* start, GuardianDescriptors* descriptors) {
  start->plan->start_guardian = StartOwnGuardian;
  start->plan->guarded_start = start;
  const long child =
      BareClone(RunChild, start->child_stack, kStartFlags, start->plan, &start->child_pidfd, &start->child_word);
  if (child < 0) {
    start->Fail(child, "clone");
    return;
  }
  start->child = static_cast<pid_t>(child);
  // The child waits in vain for a guardian that has ended until this end of the socket is closed. To wake this thread
  // for that would delay every start.
  WaitFor(&start->child_word, kStartPause, [start, descriptors] {
    if (__atomic_load_n(&start->files_word, __ATOMIC_ACQUIRE) == 0) descriptors->socket = Descriptor();
    return true;
  });
  if (start->guardian != 0) return;
  // The child was killed while it cloned the guardian, perhaps in vain: then the kernel clears no word.
  const bool is_cloned = start->guardian_pidfd >= 0 && RawCall(kPidfdSendSignal, start->guardian_pidfd) != -EBADF;
  if (is_cloned) return;
  start->guardian_pidfd = -1;
  start->starter_word = 0;
}

// C0, which becomes the guardian, clones the child: into a cgroup, in which the guardian must not be, or into the
// process group that C0 has made.
void CloneAfterStarter(GuardedStart* start, GuardianDescriptors* descriptors) {
  start->starter_word = 1;
  const long starter =
      BareClone(RunStarter, start->guardian_stack, kStartFlags, start, &start->guardian_pidfd, &start->starter_word);
  if (starter < 0) {
    start->starter_word = 0;
    start->Fail(starter, "clone");
    return;
  }
  start->guardian = static_cast<pid_t>(starter);
  const auto uses_memory = [start] { return __atomic_load_n(&start->starter_word, __ATOMIC_ACQUIRE) != 0; };
  WaitFor(&start->files_word, kPause, uses_memory);
  descriptors->socket = Descriptor();
  WaitFor(&start->child_word, kPause, [start, uses_memory] { return uses_memory() || start->child_pidfd >= 0; });
}

}  // namespace

ChildHandle CloneGuarded(ChildPlan* plan, const ChildMemory& memory, GuardianHandle* guardian) {
  memory.AwaitStarter();  // Of the start before.
  GuardedStart& start = *new (memory.starter_stack_top()) GuardedStart();
  start.plan = plan;
  start.child_stack = memory.stack_top();
  start.guardian_stack = memory.starter_stack_top();
  start.parent = getpid();
  GuardianDescriptors descriptors;
  plan->failure = descriptors.Open(&guardian->control, *plan);
  if (plan->failure.error != 0) return {0, Descriptor()};
  if (plan->tree_limits != nullptr &&
      send(guardian->control.get(), plan->tree_limits, sizeof *plan->tree_limits, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    plan->failure = {errno, "guardian: send"};
    return {0, Descriptor()};
  }
  start.control = descriptors.socket.get();
  start.ruleset = descriptors.ruleset.get();
  start.program = GuardianProgram();
  plan->guardian_end = start.control;
  plan->has_entered_group = false;
  // A child in a cgroup keeps C0 waiting, which can't become the guardian meanwhile. It has another user, or paths that
  // don't let it write in /proc.
  plan->guardian_socket = plan->cgroup < 0 ? guardian->control.get() : -1;
  const bool starts_guardian = plan->cgroup < 0 && !plan->in_process_group;
  if (starts_guardian)
    CloneBeforeGuardian(&start, &descriptors);
  else
    CloneAfterStarter(&start, &descriptors);
  guardian->process = {start.guardian, Descriptor(start.guardian_pidfd)};
  if (start.failure.error != 0) plan->failure = start.failure;
  // A process was killed before it could report the other one, which may be another process's doing.
  if ((start.child == 0 || start.guardian == 0) && plan->failure.error == 0)
    plan->failure = {ECHILD, "guardian: clone"};
  // If the child is not in the group, nothing keeps the ID from becoming another one's.
  return {start.child, Descriptor(start.child_pidfd), plan->has_entered_group ? start.group : 0};
}

}  // namespace seccomp
