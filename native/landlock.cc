// Landlock domains, landlock(7): what a child is kept from reaching outside of itself.
#include "landlock.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "ruleset.h"

namespace seccomp {
namespace {

// A thread of its own enters the domain and ends: whether that works is not told by what the kernel's version promises.
struct Trial {
  int ruleset;
  int error;

  static void* Run(void* data) {
    auto* trial = static_cast<Trial*>(data);
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    trial->error = EnterDomain(trial->ruleset);
    return nullptr;
  }
};

}  // namespace

Descriptor PrepareDomain(const Request& request, ChildPlan* plan) {
  if (!request.domain()) return Descriptor();
  Descriptor ruleset(OpenRuleset(*request.domain()));
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
  const Descriptor ruleset(OpenRuleset(domain));
  if (ruleset.get() < 0) return Napi::Number::New(env, errno);
  Trial trial = {ruleset.get(), 0};
  const SignalsBlocked blocked;  // They are Node's.
  if (blocked.error() != 0) return Napi::Number::New(env, blocked.error());
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, Trial::Run, &trial);
  if (error != 0) return Napi::Number::New(env, error);
  pthread_join(thread, nullptr);
  return Napi::Number::New(env, trial.error);
}

}  // namespace seccomp
