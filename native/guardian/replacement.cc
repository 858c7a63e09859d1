#include "guardian/replacement.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/bare_clone.h"
#include "child/guardian_handle.h"
#include "guardian/guardian.h"
#include "guardian/program.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

// The stack of the process that starts the guardian of a replacement, below the guardian's.
constexpr size_t kReplacementStack = 32 * 1024;

int RunGuardian(void* argument) {
  auto* replacement = static_cast<GuardedReplacement*>(argument);
  const Guarded guarded = {replacement->plan->guardian_end, replacement->pidfd.get(), replacement->process, true, 0};
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
  // In the descriptor table of this thread, with which it ends.
  int pair[2] = {};
  long result = RawCall(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, Pointer(&pair));
  if (result != 0) return fail(result, "guardian: socketpair");
  replacement->plan->guardian_socket = pair[0];
  replacement->plan->guardian_end = pair[1];
  if (replacement->plan->no_new_privileges) {
    result = RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
    if (result != 0) return fail(result, "guardian: prctl");
  }
  result = RawCall(kLandlockRestrictSelf, replacement->ruleset.get());
  if (result != 0) return fail(result, "guardian: landlock_restrict_self");
  // Without an exit signal, so that no handler of this process is called.
  const long starter = BareClone(RunReplacementStarter, replacement->starter_stack, CLONE_VM | CLONE_VFORK, replacement,
                                 nullptr, nullptr);
  if (starter < 0) return fail(starter, "guardian: clone");
  do {
    result = RawCall(SYS_wait4, starter, 0, __WALL);
  } while (result == -EINTR);
  replacement->plan->guardian = replacement->guardian;
  return replacement->failure.error == 0;
}

}  // namespace

Failure GuardedReplacement::Prepare(ChildPlan* child_plan, const ChildMemory& memory) {
  plan = child_plan;
  guardian_stack = memory.guardian_stack_top();
  starter_stack = static_cast<char*>(guardian_stack) - kReplacementStack;
  process = getpid();
  program = GuardianProgram();
  if (program < 0) return {ENOENT, "guardian: open"};
  memory.AwaitGuardian();  // A guardian of a start before may still use its stack.
  pidfd = Descriptor(static_cast<int>(syscall(kPidfdOpen, process, 0)));
  if (pidfd.get() < 0) return {errno, "guardian: pidfd_open"};
  ruleset = OpenRuleset(TreeDomain(plan->has_paths));
  if (ruleset.get() < 0) return {errno, "guardian: landlock_create_ruleset"};
  return {};
}

GuardedReplacement::~GuardedReplacement() {
  if (guardian > 0) kill(guardian, SIGKILL);
}

int RunChildGuarded(void* replacement) {
  auto* guarded = static_cast<GuardedReplacement*>(replacement);
  if (StartGuardianOfThisProcess(guarded)) RunChild(guarded->plan);
  guarded->plan->failure = guarded->failure;
  return 0;
}

}  // namespace seccomp
