// Tests of starts in which C0, which clones the child, is killed, or the thread that does it lingers. Run as
// `guarded_start_test NAME`.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "check.h"
#include "child/bare_clone.h"
#include "child/clone.h"
#include "child/guardian_handle.h"
#include "landlock/ruleset.h"
#include "script.h"
#include "system/descriptor.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer's clone treats every child as a fork and resets the records of its threads, in memory that is shared.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);
#define clone __clone
#endif

namespace seccomp {
namespace {

// When C0 is killed.
enum class Killed { kNever, kAfterClone, kBeforeClone } killed = Killed::kNever;

// The thread that clones the child, and whether the child has ended before the thread did.
int (*run_thread)(void*) = nullptr;
bool program_was_early = false;

bool HasEndedChild() {
  siginfo_t ended = {};
  RawCall(SYS_waitid, P_ALL, 0, Pointer(&ended), WEXITED | WNOHANG | WNOWAIT);
  return ended.si_pid != 0;
}

int RunLingeringThread(void* start) {
  const int result = run_thread(start);
  constexpr timespec kPause = {0, 1'000'000};
  constexpr int kPauses = 200;
  for (int i = 0; i < kPauses && !HasEndedChild(); i++) RawCall(SYS_nanosleep, Pointer(&kPause));
  program_was_early = HasEndedChild();
  return result;
}

// No descriptor has this number.
constexpr int kNoPidfd = 1'000'000;

}  // namespace

// In the place of those of child/bare_clone.cc.
long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  if ((flags & CLONE_THREAD) != 0) {
    run_thread = function;
    function = RunLingeringThread;
  }
  const bool is_killed = killed != Killed::kNever && (flags & CLONE_PARENT) != 0;
  if (is_killed && killed == Killed::kBeforeClone) *parent_id = kNoPidfd;  // As the kernel does before it fails.
  if (!is_killed || killed == Killed::kAfterClone) {
    const int id = clone(function, stack_top, flags, argument, parent_id, nullptr, child_id);
    if (!is_killed) return id < 0 ? -long{errno} : id;
  }
  for (;;) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

long BareCloneInto(int /*cgroup*/, int (* /*function*/)(void*), void* /*stack_top*/, int /*flags*/, void* /*argument*/,
                   int* /*pidfd*/, int* /*child_id*/) {
  return -ENOSYS;
}

namespace test {
namespace {

// `guardian`: its program.
Request Guarded(const char* guardian) {
  if (OpenRuleset({0, 0, kScopeSignals}).get() < 0) Skip("Landlock has no scopes");
  CHECK_EQUAL(OpenGuardianProgram(guardian), 0);
  Request request = Script("true");
  request.isolation = false;
  request.domain = Domain{0, 0, kScopeSignals};
  request.domain_required = true;
  request.guarded = true;
  request.no_new_privileges = true;  // Without CAP_SYS_ADMIN, nothing else may enter a domain.
  return request;
}

// In place of a guardian: it ends at once.
constexpr char kTrue[] = "/bin/true";

int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) count += static_cast<int>(fcntl(fd, F_GETFD) >= 0);
  return count;
}

// The start fails, leaves nothing, and the next one does not wait for the guardian of this one.
void CheckKilled(Killed when) {
  Request request = Guarded(kTrue);
  request.in_process_group = true;
  const int before = OpenDescriptors();
  killed = when;
  {
    StartedChild started;
    const Failure failure = StartChild(&request, &started);
    killed = Killed::kNever;
    CHECK_EQUAL(std::string(failure.call), "guardian: clone");
    CHECK_EQUAL(failure.error, ECHILD);
  }
  CHECK_EQUAL(waitpid(-1, nullptr, WNOHANG), -1);
  CHECK_EQUAL(errno, ECHILD);
  CHECK_EQUAL(OpenDescriptors(), before);
  for (Request next : {Guarded(kTrue), Script("exit 7")}) {
    const bool is_guarded = next.guarded;
    StartedChild started;
    CHECK_EQUAL(StartChild(&next, &started).error == 0, !is_guarded);  // There is no guardian to wait for.
    siginfo_t status = {};
    if (!is_guarded) CHECK_EQUAL(Reap(started.child, 0, &status) && status.si_status == 7, true);
  }
}

TEST(ReapsAChildWhoseGuardianWasKilledMeanwhile) { CheckKilled(Killed::kAfterClone); }
TEST(DoesNotWaitForAChildThatWasNotCloned) { CheckKilled(Killed::kBeforeClone); }

// In the thread's domain, a program could signal the thread, and so the whole process.
TEST(AProgramWaitsForTheThreadThatHasClonedItsProcess) {
  Request request = Guarded(GUARDIAN_PROGRAM);
  StartedChild started;
  CHECK_EQUAL(StartChild(&request, &started).error, 0);
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(program_was_early, false);
}

}  // namespace
}  // namespace test
}  // namespace seccomp

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
