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
#include "child/child_main.h"
#include "guardian/process_group.h"
#include "guardian/program.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// What the child, the guardian-to-be and who clones them share with this process. It is in the ChildMemory, since the
// guardian-to-be uses it longer than the start takes.
struct GuardedStart {
  // The kernel sets a word to 0 and wakes its waiters when a thread has ended, or when a process does not use this
  // memory any more: when it has executed a program or has ended.
  int guardian_word = 0;  // The first member: see ChildMemory::guardian_stack_top. Of the guardian-to-be, or of C0.
  int child_word = 0;
  int thread_word = 0;
  int files_word = 0;  // Cleared when C0 does not share this process's descriptors any more.
  ChildPlan* plan = nullptr;
  void* child_stack = nullptr;
  void* guardian_stack = nullptr;
  pid_t parent = 0;
  int ruleset = -1;  // Of domain A; -1: there is none, and the tree is a process group.
  int control = -1, program = -1;
  // Set by those who share it; `thread` by the kernel, since a filter of this process may deny gettid(2).
  Failure failure = {};
  pid_t group = 0;  // Where there is no domain.
  pid_t thread = 0, child = 0, guardian = 0;
  int child_pidfd = -1, guardian_pidfd = -1;

  bool Fail(long result, const char* call) {
    failure = {static_cast<int>(-result), call};
    return false;
  }

  // Clones a process or a thread whose end clears `word`. Returns its ID; 0 if that fails, with the reason.
  pid_t Clone(int (*function)(void*), void* stack, int flags, void* argument, int* parent_id, int* word,
              const char* call) {
    *word = 1;
    const long id = BareClone(function, stack, flags, argument, parent_id, word);
    if (id > 0) return static_cast<pid_t>(id);
    *word = 0;
    Fail(id, call);
    return 0;
  }

  // A domain cannot be left. Signal 0 to the parent must work before, so that it is the domain that denies it later.
  bool EnterDomain() {
    long result = RawCall(SYS_kill, parent);
    if (result != 0) return Fail(result, "guardian: kill");
    if (plan->no_new_privileges) {
      result = RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
      if (result != 0) return Fail(result, "guardian: prctl");
    }
    result = RawCall(kLandlockRestrictSelf, ruleset);
    return result == 0 || Fail(result, "guardian: landlock_restrict_self");
  }

  // Of a process in the domain, not a thread of the parent: signals among these are not scoped. Outside of a domain,
  // kill(-1, …) would reach every process of the user.
  bool IsParentOutOfReach() {
    const long result = RawCall(SYS_kill, parent);
    return result == -EPERM || Fail(result == 0 ? -EXDEV : result, "guardian: kill");
  }

  bool MakeGroup() {
    const long id = HoldProcessGroup();
    if (id < 0) return Fail(id, "guardian: setpgid");
    group = static_cast<pid_t>(id);
    return true;
  }

  bool EnclosesTree() { return ruleset < 0 ? MakeGroup() : EnterDomain() && IsParentOutOfReach(); }
};
static_assert(sizeof(GuardedStart) <= kGuardedRoom);

constexpr timespec kPause = {1, 0};

// Waits until a word is cleared, by the process that is to clear it or by the kernel. If that process is killed before,
// which nothing reports, the wait ends after the pause.
template <typename IsExpected>
void WaitFor(const int* word, IsExpected is_expected) {
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 0 && is_expected()) {
    RawCall(SYS_futex, Pointer(word), FUTEX_WAIT, 1, Pointer(&kPause));
  }
}

// Of the child and of who waits for its start: when the thread ends, the kernel wakes only one of them.
void AwaitThread(GuardedStart* start) {
  WaitFor(&start->thread_word, [] { return true; });
  RawCall(SYS_futex, Pointer(&start->thread_word), FUTEX_WAKE, 1);
}

constexpr int kProcess = CLONE_VM | static_cast<int>(kClonePidfd) | CLONE_CHILD_CLEARTID | SIGCHLD;
constexpr int kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                        CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

// Becomes the guardian of the child, in whose domain A it is.
int RunGuardian(void* argument) {
  auto& start = *static_cast<GuardedStart*>(argument);
  ExecuteGuardian(start.program, {start.control, start.child_pidfd, start.child, false, 0}, nullptr, &start.failure);
  RawCall(SYS_kill, -1, SIGKILL);  // Without a guardian there must be no tree.
  return kNotStarted;
}

// The steps of the thread that clones both. It uses the thread-local storage of the thread that waits for it, and so
// does the child at the same time: errno is not touched here.
int RunThread(void* argument) {
  auto& start = *static_cast<GuardedStart*>(argument);
  if (!start.EnterDomain()) return 0;
  start.child =
      start.Clone(RunChild, start.child_stack, kProcess, start.plan, &start.child_pidfd, &start.child_word, "clone");
  if (start.child == 0) return 0;
  start.guardian = start.Clone(RunGuardian, start.guardian_stack, kProcess, argument, &start.guardian_pidfd,
                               &start.guardian_word, "guardian: clone");
  start.plan->guardian = start.guardian;
  return 0;
}

// Of the child, in domain A. Waits until the thread that has cloned it has ended, and the kernel has removed it: the
// domain would allow a signal to that thread, which would be one to the whole parent.
bool JoinGuardian(void* guarded_start) {
  auto& start = *static_cast<GuardedStart*>(guarded_start);
  AwaitThread(&start);
  while (RawCall(SYS_kill, start.thread) == 0) RawCall(SYS_sched_yield);
  return start.guardian != 0 && start.IsParentOutOfReach();
}

// CLONE_PARENT: the child's parent is C0's parent, and its exit signal C0's own, SIGCHLD. With C0's descriptors shared,
// the pidfd is one of the parent's.
bool CloneSibling(GuardedStart* start) {
  start->plan->process_group = start->group;
  start->plan->guardian = static_cast<pid_t>(RawCall(SYS_getpid));
  const long child =
      CloneChild(start->plan, start->child_stack, kProcess | CLONE_PARENT, &start->child_pidfd, &start->child_word);
  if (child < 0) return start->Fail(child, "guardian: clone");
  start->child = static_cast<pid_t>(child);
  return true;
}

// C0's steps. It uses the thread-local storage of the thread that waits for it, and so does the child at the same time:
// errno is not touched here.
int RunStarter(void* argument) {
  auto& start = *static_cast<GuardedStart*>(argument);
  if (!start.EnclosesTree() || !CloneSibling(&start)) {
    ClearFutex(&start.child_word);
  } else {
    const Guarded guarded = {start.control, start.child_pidfd, start.child, false, start.group};
    ExecuteGuardian(start.program, guarded, &start.files_word, &start.failure);
    if (start.ruleset >= 0) RawCall(SYS_kill, -1, SIGKILL);  // Without a guardian there must be no tree.
  }
  if (start.group > 0) EndProcessGroup(start.group);
  ClearFutex(&start.files_word);
  return kNotStarted;
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
    const auto& limits = plan.tree_limits;
    if (limits && send(pair[0], &*limits, sizeof *limits, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      return {errno, "guardian: send"};
    }
    if (plan.in_process_group) return {};
    ruleset = OpenRuleset(TreeDomain(plan.has_paths));
    return ruleset.get() >= 0 ? Failure{} : Failure{errno, "guardian: landlock_create_ruleset"};
  }
};

// A thread clones both.
void CloneByThread(GuardedStart* start, void* stack_top) {
  start->plan->join_guardian = JoinGuardian;
  start->plan->guarded_start = start;
  start->Clone(RunThread, stack_top, kThread, start, &start->thread, &start->thread_word, "guardian: clone");
}

// C0 clones the child, and becomes the guardian.
void CloneByProcess(GuardedStart* start) {
  start->child_word = start->files_word = 1;
  start->guardian = start->Clone(RunStarter, start->guardian_stack, kProcess | CLONE_FILES, start,
                                 &start->guardian_pidfd, &start->guardian_word, "guardian: clone");
  if (start->guardian == 0) start->child_word = start->files_word = 0;
}

}  // namespace

ChildHandle CloneGuarded(ChildPlan* plan, const ChildMemory& memory, GuardianHandle* guardian) {
  memory.AwaitGuardian();  // Of the start before.
  GuardedStart& start = *new (memory.guardian_stack_top()) GuardedStart();
  start.plan = plan;
  start.child_stack = memory.stack_top();
  start.guardian_stack = memory.guardian_stack_top();
  start.parent = getpid();
  GuardianDescriptors descriptors;
  plan->failure = descriptors.Open(&guardian->control, *plan);
  if (plan->failure.error != 0) return {0, Descriptor()};
  start.control = descriptors.socket.get();
  start.ruleset = descriptors.ruleset.get();
  start.program = GuardianProgram();
  plan->guardian_end = start.control;
  plan->has_entered_group = false;
  // A child in a cgroup keeps C0 waiting, which can't become the guardian meanwhile. It has another user, or paths that
  // don't let it write in /proc.
  plan->guardian_socket = plan->cgroup < 0 ? guardian->control.get() : -1;
  if (plan->cgroup < 0 && !plan->in_process_group)
    CloneByThread(&start, memory.thread_stack_top());
  else
    CloneByProcess(&start);
  AwaitThread(&start);
  // C0 may be killed at any time, and then clears no word.
  const auto is_cloning = [&start] { return __atomic_load_n(&start.guardian_word, __ATOMIC_ACQUIRE) != 0; };
  WaitFor(&start.files_word, is_cloning);
  // Until this end of the socket is closed, the child would wait in vain for a guardian that has ended.
  descriptors.socket = Descriptor();
  WaitFor(&start.child_word, [&start, is_cloning] { return start.child != 0 || is_cloning(); });
  // C0 was killed before it could report the child. The kernel stores the descriptor before it knows whether it can
  // clone.
  const bool is_unknown = start.child == 0 && start.child_pidfd >= 0;
  if (is_unknown && RawCall(kPidfdSendSignal, start.child_pidfd, SIGKILL) == -EBADF) {
    start.child_pidfd = -1;
  } else if (is_unknown) {
    WaitFor(&start.child_word, [] { return true; });
  }
  guardian->process = {start.guardian, Descriptor(start.guardian_pidfd)};
  const bool is_killed = (start.child == 0 || start.guardian == 0) && start.failure.error == 0;
  if (is_killed) start.Fail(-ECHILD, "guardian: clone");
  if (start.failure.error != 0) plan->failure = start.failure;
  // If the child is not in the group, nothing keeps the ID from becoming another one's.
  return {start.child, Descriptor(start.child_pidfd), plan->has_entered_group ? start.group : 0};
}

}  // namespace seccomp
