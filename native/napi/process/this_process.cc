#include "napi/process/this_process.h"

#include <errno.h>

#include <string>

#include "child/execve.h"
#include "child/guardian_handle.h"
#include "napi/read_request.h"
#include "napi/values.h"
#include "system/credentials.h"

namespace seccomp {

Napi::Value Install(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Request request;
  if (!ReadFilterRequest(env, info[0], &request)) return env.Undefined();
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return ToJavaScript(env, {errno, "mmap"});
  PreparedPlan plan(&request, memory);
  if (AttachFilters(plan.get())) return env.Undefined();
  Napi::Object failure = ToJavaScript(env, plan->failure).As<Napi::Object>();
  SetOwn(failure, "attached", static_cast<double>(plan->attached));
  if (plan->other_thread != 0) SetOwn(failure, "thread", plan->other_thread);
  return failure;
}

Napi::Value Execve(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  SpawnRequest request;
  if (!ReadSpawnRequest(env, info[0], &request) ||
      !Require(env, !request.WantsListener() || request.agent,
               "filterFlags request a listener, but there is no agent to serve it after execve")) {
    return env.Undefined();
  }
  return ToJavaScript(env, ReplaceThisProcess(&request));
}

Napi::Value OpenGuardian(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  if (!Require(env, ReadValue(info[0], &path), "the path of the guardian's program must be a string"))
    return env.Undefined();
  return Napi::Number::New(env, OpenGuardianProgram(path.c_str()));
}

Napi::Value CredentialsOfThread(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Credentials credentials;
  if (ReadCredentials(&credentials) != 0) return Napi::Number::New(env, -errno);
  const Napi::Array result = Napi::Array::New(env, credentials.size());
  uint32_t i = 0;
  for (const uint32_t each : credentials) result.Set(i++, each);
  return result;
}

}  // namespace seccomp
