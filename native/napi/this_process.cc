#include "napi/this_process.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child/execve.h"
#include "napi/read_request.h"
#include "napi/values.h"

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

Napi::Value Credentials(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  const int secure_bits = prctl(PR_GET_SECUREBITS, 0L, 0L, 0L, 0L);
  if (secure_bits < 0 || getresuid(&real, &effective, &saved) != 0 || syscall(SYS_capget, &header, sets) != 0) {
    return Napi::Number::New(env, -errno);
  }
  const auto bits = static_cast<uint32_t>(secure_bits);
  const Napi::Array result = Napi::Array::New(env, 8);
  uint32_t i = 0;
  for (const uint32_t each :
       {real, effective, saved, bits, sets[0].permitted, sets[1].permitted, sets[0].effective, sets[1].effective}) {
    result.Set(i++, each);
  }
  return result;
}

}  // namespace seccomp
