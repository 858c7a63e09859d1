// Puts filters on this process, and asks the kernel what it can do with them: seccomp(2).
#include "napi/this_process.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "napi/read_request.h"
#include "napi/values.h"

namespace seccomp {
namespace {

constexpr unsigned kGetActionAvail = 2;  // SECCOMP_GET_ACTION_AVAIL, Linux 4.14.

bool ReadNumber(const Napi::CallbackInfo& info, uint32_t* number) {
  if (!info[0].IsNumber()) {
    Napi::TypeError::New(info.Env(), "a number").ThrowAsJavaScriptException();
    return false;
  }
  *number = info[0].As<Napi::Number>().Uint32Value();
  return true;
}

}  // namespace

Napi::Value Install(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "install(filters)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const std::unique_ptr<Request> request = Request::ReadFiltersOnly(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return ToJavaScript(env, {errno, "mmap"});
  ChildPlan plan = request->Plan(memory);
  const bool done = PutOnFilters(&plan);
  request->Wipe(memory);
  if (done) return env.Undefined();
  Napi::Object failure = ToJavaScript(env, plan.failure).As<Napi::Object>();
  SetOwn(failure, "filtersOn", static_cast<double>(plan.filters_on));
  if (plan.other_thread != 0) SetOwn(failure, "thread", plan.other_thread);
  return failure;
}

Napi::Value ActionAvailable(const Napi::CallbackInfo& info) {
  uint32_t action = 0;
  if (!ReadNumber(info, &action)) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), syscall(SYS_seccomp, kGetActionAvail, 0, &action) == 0 ? 0 : errno);
}

Napi::Value FilterFlagsKnown(const Napi::CallbackInfo& info) {
  uint32_t flags = 0;
  if (!ReadNumber(info, &flags)) return info.Env().Undefined();
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr);
  return Napi::Boolean::New(info.Env(), errno == EFAULT);
}

}  // namespace seccomp
