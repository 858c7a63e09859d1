// Tests of a start whose child is killed while it clones its guardian. Run as `guarded_start_test NAME`.
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

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer's clone treats every child as a fork and resets the records of its threads, in memory that is shared.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);
#define clone __clone
#endif

namespace seccomp {
namespace {

// When the child is killed that clones its guardian.
enum class Killed { kNever, kAfterClone, kBeforeClone } killed = Killed::kNever;

// No descriptor has this number.
constexpr int kNoPidfd = 1'000'000;

const pid_t test_process = getpid();

}  // namespace

// In the place of those of child/bare_clone.cc.
long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id) {
  const bool is_killed = killed != Killed::kNever && syscall(SYS_getpid) != test_process;
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

Request Guarded() {
  if (Descriptor(OpenRuleset({0, 0, kScopeSignals})).get() < 0) Skip("Landlock has no scopes");
  // A program that ends at once, in place of a guardian.
  CHECK_EQUAL(OpenGuardianProgram("/bin/true"), 0);
  Request request = Script("true");
  request.isolation = false;
  request.domain = Domain{0, 0, kScopeSignals};
  request.domain_required = true;
  request.guarded = true;
  request.no_new_privileges = true;  // Without CAP_SYS_ADMIN, nothing else may enter a domain.
  return request;
}

int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) count += static_cast<int>(fcntl(fd, F_GETFD) >= 0);
  return count;
}

// The start fails, leaves nothing, and the next one does not wait for the guardian of this one.
void CheckKilled(Killed when) {
  Request request = Guarded();
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
  for (Request next : {Guarded(), Script("exit 7")}) {
    const bool is_guarded = next.guarded;
    StartedChild started;
    CHECK_EQUAL(StartChild(&next, &started).error == 0, !is_guarded);  // There is no guardian to wait for.
    siginfo_t status = {};
    if (!is_guarded) CHECK_EQUAL(Reap(started.child, 0, &status) && status.si_status == 7, true);
  }
}

TEST(ReapsAGuardianWhoseChildWasKilledMeanwhile) { CheckKilled(Killed::kAfterClone); }
TEST(DoesNotWaitForAGuardianThatWasNotCloned) { CheckKilled(Killed::kBeforeClone); }

}  // namespace
}  // namespace test
}  // namespace seccomp

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
