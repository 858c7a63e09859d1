#include "napi/features.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child/ruleset.h"
#include "napi/read_request.h"
#include "napi/values.h"
#include "system/linux_abi.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

// Enters the domain on a thread or in a process that ends afterwards, since the kernel's version does not determine
// whether a domain can be entered.
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

int TryOnThread(const Domain& domain) {
  const Descriptor ruleset(OpenRuleset(domain));
  if (ruleset.get() < 0) return errno;
  Trial trial = {ruleset.get(), 0};
  const SignalsBlocked blocked;  // The thread inherits the mask, so that Node's threads handle the signals.
  if (blocked.error() != 0) return blocked.error();
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, Trial::Run, &trial);
  if (error != 0) return error;
  pthread_join(thread, nullptr);
  return trial.error;
}

// Used in a process under a filter, since the filter may kill the process that makes these calls. Calls clone(2)
// instead of fork(3), which runs the handlers of pthread_atfork(3).
int TryInProcess(const Domain& domain) {
  const SignalsBlocked blocked;  // A handler in the copy would write to pipes that it shares with this process.
  if (blocked.error() != 0) return blocked.error();
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

Napi::Value ActionAvailable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint32_t action = 0;
  if (!RequireUsage(env, ReadValue(info[0], &action), "actionAvailable(action)")) return env.Undefined();
  return Napi::Number::New(env, syscall(SYS_seccomp, kGetActionAvail, 0, &action) == 0 ? 0 : errno);
}

Napi::Value FilterFlagsKnown(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint32_t flags = 0;
  if (!RequireUsage(env, ReadValue(info[0], &flags), "filterFlagsKnown(flags)")) return env.Undefined();
  const bool has_failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0;
  return Napi::Boolean::New(env, has_failed && errno == EFAULT);
}

Napi::Value TryDomain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Domain domain;
  if (!RequireUsage(env, ReadDomain(info[0], &domain), "tryDomain([handled, granted, scoped])")) {
    return env.Undefined();
  }
  // Linux 2.6.23, PR_GET_SECCOMP: 0 without a filter.
  const bool is_filtered = prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0;
  return Napi::Number::New(env, is_filtered ? TryInProcess(domain) : TryOnThread(domain));
}

}  // namespace seccomp
