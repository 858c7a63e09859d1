#include "napi/process/exit_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include <utility>
#include <vector>

#include "napi/environment.h"
#include "napi/process/child_end.h"
#include "napi/values.h"

namespace seccomp {

Napi::Function ExitWatch::Define(Napi::Env env) {
  return DefineClass(env, "ExitWatch",
                     {InstanceMethod<&ExitWatch::Kill>("kill"), InstanceMethod<&ExitWatch::KillGroup>("killGroup"),
                      InstanceMethod<&ExitWatch::Ref>("ref"), InstanceMethod<&ExitWatch::Unref>("unref"),
                      InstanceMethod<&ExitWatch::EndNow>("end")});
}

Napi::Object ExitWatch::Start(Napi::Env env, ChildHandle* child, const Napi::Function& on_exit, Failure* failure) {
  ExitWatch* const watch = Make(Environment::Of(env).exit_watch, failure);
  if (watch == nullptr) return {};
  *failure = watch->Wait(child->pidfd.get(), "seccomp.ExitWatch", on_exit);
  if (failure->error != 0) return {};
  watch->child_ = std::move(*child);
  watch->KeepAlive(true);
  return watch->Value();
}

Napi::Value ExitWatch::Kill(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  if (!ReadValue(info[0], &signal)) signal = -1;  // No signal has this number: EINVAL.
  return Napi::Number::New(info.Env(), is_waiting() ? SendSignal(child_.pidfd, signal) : ESRCH);
}

Napi::Value ExitWatch::KillGroup(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  if (!ReadValue(info[0], &signal)) signal = -1;
  return Napi::Number::New(info.Env(), is_waiting() ? SignalGroup(child_, signal) : ESRCH);
}

void ExitWatch::EndNow(const Napi::CallbackInfo&) {
  if (!is_waiting()) return;
  siginfo_t status;
  ChildHandle child = Close();
  KillAndReap(&child, &status);
}

void ExitWatch::OnReadable() {
  siginfo_t status = {};
  rusage usage = {};
  if (!Reap(child_, WNOHANG, &status, &usage)) return;
  Finish([&](Napi::Env env) -> std::vector<napi_value> {
    Close();
    const ChildEnd end(env, status, usage);
    return {end.code, end.signal, end.cpu_time, end.max_rss};
  });
}

ChildHandle ExitWatch::Close() {
  StopWaiting();
  return std::move(child_);
}

}  // namespace seccomp
