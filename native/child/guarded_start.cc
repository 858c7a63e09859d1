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

constexpr uint32_t kScopeSignals = 2;  // LANDLOCK_SCOPE_SIGNAL

// What C0 shares with this process. It is in the ChildMemory, since C0 uses it longer than the start takes.
struct GuardedStart {
  // The kernel sets a word to 0 and wakes its waiters when the process does not use this memory any more: when it has
  // executed a program or has ended.
  int starter_word = 0;  // The first member: ChildMemory::starter_word().
  int child_word = 1;
  int files_word = 1;  // C0 clears it when it does not use this process's descriptors any more, and when it fails.
  ChildPlan* plan = nullptr;
  void* child_stack = nullptr;
  pid_t parent = 0;
  int ruleset = -1;  // Of domain A; -1: there is none, and the tree is a process group.
  int control = -1, program = -1;
  // Set by C0.
  Failure failure = {};
  pid_t group = 0;  // Where there is no domain.
  pid_t child = 0;
  int child_pidfd = -1, guardian_pidfd = -1;
};
static_assert(sizeof(GuardedStart) <= kStarterRoom);

// The stack of the process that starts the guardian of a replacement, below the guardian's.
constexpr size_t kReplacementStack = 32 * 1024;

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
  bool Fail(long result, const char* call) {
    start_.failure = {static_cast<int>(-result), call};
    return false;
  }

  bool EnclosesTree() { return start_.ruleset < 0 ? MakeGroup() : EnterDomain(); }

  bool MakeGroup() {
    const long group = HoldProcessGroup();
    if (group < 0) return Fail(group, "guardian: setpgid");
    start_.group = static_cast<pid_t>(group);
    return true;
  }

  // Outside of a domain, kill(-1, …) would reach every process of the user. A domain cannot be left, so this is checked
  // once, before anything is cloned: signal 0 to the parent worked before, and must be denied now.
  bool EnterDomain() {
    long result = RawCall(SYS_kill, start_.parent);
    if (result != 0) return Fail(result, "guardian: kill");
    if (start_.plan->no_new_privileges) {
      result = RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
      if (result != 0) return Fail(result, "guardian: prctl");
    }
    result = RawCall(kLandlockRestrictSelf, start_.ruleset);
    if (result != 0) return Fail(result, "guardian: landlock_restrict_self");
    result = RawCall(SYS_kill, start_.parent);
    return result == -EPERM || Fail(result == 0 ? -EXDEV : result, "guardian: kill");
  }

  // CLONE_PARENT: the child's parent is this process's parent, and its exit signal C0's own, SIGCHLD. With C0's
  // descriptors shared, the pidfd is one of the parent's.
  bool CloneChild() {
    const int flags = CLONE_VM | CLONE_PARENT | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;
    start_.plan->guardian_pidfd = start_.guardian_pidfd;
    start_.plan->process_group = start_.group;
    const auto clone = start_.plan->cgroup >= 0 ? CloneIntoCgroup : CloneOutside;
    const long child = clone(start_.plan, start_.child_stack, flags, &start_.child_pidfd, &start_.child_word);
    if (child < 0) return Fail(child, "clone");
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

// Waits until C0 or the kernel has cleared a word. If C0 is killed before it clears one, which nothing reports, the
// wait ends after a second; `is_kernels` tells that the kernel will clear it nevertheless.
template <typename IsKernels>
void WaitFor(const GuardedStart& start, const int* word, IsKernels is_kernels) {
  const timespec second = {1, 0};
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 0) {
    if (__atomic_load_n(&start.starter_word, __ATOMIC_ACQUIRE) == 0 && !is_kernels()) return;
    RawCall(SYS_futex, Pointer(word), FUTEX_WAIT, 1, Pointer(&second));
  }
}

// The guardian's end of its socket, and the ruleset of domain A.
struct GuardianDescriptors {
  Descriptor socket, ruleset;

  Failure Open(Descriptor* control, bool in_process_group) {
    if (GuardianProgram() < 0) return {ENOENT, "guardian: open"};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
    *control = Descriptor(pair[0]);
    socket = Descriptor(pair[1]);
    if (in_process_group) return {};
    ruleset = Descriptor(OpenRuleset({0, 0, kScopeSignals}));
    return ruleset.get() >= 0 ? Failure{} : Failure{errno, "guardian: landlock_create_ruleset"};
  }
};

int RunGuardian(void* argument) {
  auto* replacement = static_cast<GuardedReplacement*>(argument);
  const Guarded guarded = {replacement->guardian_end.get(), replacement->pidfd.get(), replacement->process, true, 0};
  ExecuteGuardian(replacement->program, guarded, nullptr, &replacement->failure);
  return kNotStarted;
}

// In the domain, but no thread of the process: signals among the threads of a process are not scoped.
int RunReplacementStarter(void* argument) {
  auto* replacement = static_cast<GuardedReplacement*>(argument);
  const long result = RawCall(SYS_kill, replacement->process);
  if (result != -EPERM) {
    replacement->failure = {result == 0 ? EXDEV : static_cast<int>(-result), "guardian: kill"};
    return kNotStarted;
  }
  const long guardian =
      BareClone(RunGuardian, replacement->guardian_stack, CLONE_VM | CLONE_VFORK, argument, nullptr, nullptr);
  if (guardian < 0) replacement->failure = {static_cast<int>(-guardian), "guardian: clone"};
  replacement->guardian = static_cast<pid_t>(guardian);
  return 0;
}

// Enters domain A and starts the guardian from there, as a grandchild, of which the program is not told.
bool StartGuardianOfThisProcess(GuardedReplacement* replacement) {
  const auto fail = [replacement](long result, const char* call) {
    replacement->failure = {static_cast<int>(-result), call};
    return false;
  };
  if (replacement->plan->no_new_privileges) {
    const long result = RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
    if (result != 0) return fail(result, "guardian: prctl");
  }
  long result = RawCall(kLandlockRestrictSelf, replacement->ruleset.get());
  if (result != 0) return fail(result, "guardian: landlock_restrict_self");
  // Without an exit signal, so that no handler of this process is called.
  const long starter = BareClone(RunReplacementStarter, replacement->starter_stack, CLONE_VM | CLONE_VFORK, replacement,
                                 nullptr, nullptr);
  if (starter < 0) return fail(starter, "guardian: clone");
  do {
    result = RawCall(SYS_wait4, starter, 0, __WALL);
  } while (result == -EINTR);
  if (replacement->failure.error != 0) return false;
  result = RawCall(kPidfdOpen, replacement->guardian);
  if (result < 0) return fail(result, "guardian: pidfd_open");
  replacement->plan->guardian_pidfd = static_cast<int>(result);
  return true;
}

}  // namespace

Failure GuardedReplacement::Prepare(ChildPlan* child_plan, const ChildMemory& memory) {
  plan = child_plan;
  guardian_stack = memory.starter_stack_top();
  starter_stack = static_cast<char*>(guardian_stack) - kReplacementStack;
  process = getpid();
  program = GuardianProgram();
  if (program < 0) return {ENOENT, "guardian: open"};
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
  socket = Descriptor(pair[0]);
  guardian_end = Descriptor(pair[1]);
  plan->guardian_socket = socket.get();
  plan->parent = getppid();
  pidfd = Descriptor(static_cast<int>(syscall(kPidfdOpen, process, 0)));
  if (pidfd.get() < 0) return {errno, "guardian: pidfd_open"};
  ruleset = Descriptor(OpenRuleset({0, 0, kScopeSignals}));
  if (ruleset.get() < 0) return {errno, "guardian: landlock_create_ruleset"};
  return {};
}

GuardedReplacement::~GuardedReplacement() {
  if (guardian > 0) kill(guardian, SIGKILL);
}

int RunChildGuarded(void* argument) {
  auto* replacement = static_cast<GuardedReplacement*>(argument);
  if (StartGuardianOfThisProcess(replacement)) RunChild(replacement->plan);
  replacement->plan->failure = replacement->failure;
  return 0;
}

ChildHandle CloneGuarded(ChildPlan* plan, const ChildMemory& memory, GuardianHandle* guardian) {
  WaitUntilCleared(memory.starter_word());  // Of the start before.
  GuardedStart& start = *new (memory.starter_stack_top()) GuardedStart();
  start.plan = plan;
  start.child_stack = memory.stack_top();
  start.parent = getpid();
  GuardianDescriptors descriptors;
  plan->failure = descriptors.Open(&guardian->control, plan->in_process_group);
  if (plan->failure.error != 0) return {0, Descriptor()};
  if (plan->tree_limits != nullptr &&
      send(guardian->control.get(), plan->tree_limits, sizeof *plan->tree_limits, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    plan->failure = {errno, "guardian: send"};
    return {0, Descriptor()};
  }
  start.control = descriptors.socket.get();
  start.ruleset = descriptors.ruleset.get();
  start.program = GuardianProgram();
  // A child in a cgroup keeps C0 waiting, which can't become the guardian meanwhile. It has another user, or paths that
  // don't let it write in /proc.
  plan->guardian_socket = plan->cgroup < 0 ? guardian->control.get() : -1;
  plan->parent = start.parent;
  plan->has_entered_group = false;

  const int flags = CLONE_VM | CLONE_FILES | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;
  start.starter_word = 1;
  const long pid =
      BareClone(RunStarter, memory.starter_stack_top(), flags, &start, &start.guardian_pidfd, &start.starter_word);
  if (pid < 0) {
    start.starter_word = 0;
    plan->failure = {static_cast<int>(-pid), "clone"};
    return {0, Descriptor()};
  }
  WaitFor(start, &start.files_word, [] { return false; });
  WaitFor(start, &start.child_word, [&start] { return start.child_pidfd >= 0; });
  guardian->process = {static_cast<pid_t>(pid), Descriptor(start.guardian_pidfd)};
  if (start.failure.error != 0) plan->failure = start.failure;
  // C0 was killed before it could report the child, which may be another process's doing.
  if (start.child == 0 && plan->failure.error == 0) plan->failure = {ECHILD, "guardian: clone"};
  // If the child is not in the group, nothing keeps the ID from becoming another one's.
  return {start.child, Descriptor(start.child_pidfd), plan->has_entered_group ? start.group : 0};
}

}  // namespace seccomp
