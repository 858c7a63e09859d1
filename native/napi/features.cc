// Landlock domains, landlock(7): what a child is kept from reaching outside of itself.
#include "napi/features.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "child/ruleset.h"

namespace seccomp {
namespace {

// Whether a domain can be entered is not told by what the kernel's version promises: somebody enters it, and ends.
int Enter(int ruleset) {
  prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
  return EnterDomain(ruleset);
}

struct Trial {
  int ruleset;
  int error;

  static void* Run(void* data) {
    auto* trial = static_cast<Trial*>(data);
    trial->error = Enter(trial->ruleset);
    return nullptr;
  }
};

int TryOnAThread(const Domain& domain) {
  const Descriptor ruleset(OpenRuleset(domain));
  if (ruleset.get() < 0) return errno;
  Trial trial = {ruleset.get(), 0};
  const SignalsBlocked blocked;  // They are Node's.
  if (blocked.error() != 0) return blocked.error();
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, Trial::Run, &trial);
  if (error != 0) return error;
  pthread_join(thread, nullptr);
  return trial.error;
}

// A filter that is on may end whoever makes these calls. Not by libc's fork, which runs others' handlers.
int TryInAProcess(const Domain& domain) {
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L));
  if (pid < 0) return errno;
  if (pid == 0) {
    const int ruleset = OpenRuleset(domain);
    const int error = ruleset < 0 ? errno : Enter(ruleset);
    for (;;) syscall(SYS_exit_group, error);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) == -1) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

}  // namespace

Descriptor PrepareDomain(const Request& request, ChildPlan* plan) {
  const std::optional<Domain>& domain = request.domain();
  if (!domain) return Descriptor();
  Descriptor ruleset(OpenRuleset(*domain));
  plan->ruleset = ruleset.get();
  if (ruleset.get() < 0) {
    plan->isolation_error = errno;
    if (plan->must_isolate) plan->failure = {errno, "landlock_create_ruleset"};
  }
  return ruleset;
}

Napi::Value TryDomain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Domain domain;
  if (!ReadDomain(env, info[0], &domain)) return env.Undefined();
  // Linux 2.6.23, PR_GET_SECCOMP: 0 without a filter.
  const bool is_filtered = prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0;
  return Napi::Number::New(env, is_filtered ? TryInAProcess(domain) : TryOnAThread(domain));
}

}  // namespace seccomp
