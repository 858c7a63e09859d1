#include <errno.h>

#include <string>

#include "child/execve.h"
#include "child/guardian_handle.h"
#include "napi/functions.h"
#include "system/credentials.h"

namespace seccomp {

Napi::Value Install(Napi::Env env, Request request) {
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return ToJavaScript(env, {errno, "mmap"});
  PreparedPlan plan(&request, memory);
  if (AttachFilters(plan.get())) return env.Undefined();
  Napi::Object failure = ToJavaScript(env, plan->failure).As<Napi::Object>();
  SetOwn(failure, "attached", plan->attached);
  if (plan->other_thread != 0) SetOwn(failure, "thread", plan->other_thread);
  return failure;
}

Napi::Value Execve(Napi::Env env, SpawnRequest request) {
  if (!Require(env, !request.WantsListener() || request.agent,
               "filterFlags request a listener, but there is no agent to serve it after execve")) {
    return env.Undefined();
  }
  return ToJavaScript(env, ReplaceThisProcess(&request));
}

Napi::Value OpenGuardian(Napi::Env env, const Napi::Value& path) {
  std::string name;
  if (!Require(env, ReadValue(path, &name), "the path of the guardian's program must be a string")) {
    return env.Undefined();
  }
  return Napi::Number::New(env, OpenGuardianProgram(name.c_str()));
}

Napi::Value CredentialsOfThread(Napi::Env env) {
  Credentials credentials;
  if (ReadCredentials(&credentials) != 0) return Napi::Number::New(env, -errno);
  return MakeArray(env, credentials);
}

}  // namespace seccomp
