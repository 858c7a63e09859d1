#include "napi/process/tree_watch.h"

#include <errno.h>
#include <sys/wait.h>

#include <utility>
#include <vector>

#include "guardian/protocol.h"
#include "napi/environment.h"
#include "napi/values.h"

namespace seccomp {

Napi::Function TreeWatch::Define(Napi::Env env) {
  return DefineClass(env, "TreeWatch",
                     {
                         InstanceMethod<&TreeWatch::Signal>("signal"),
                         InstanceMethod<&TreeWatch::ChildEnded>("childEnded"),
                         InstanceMethod<&TreeWatch::Ref>("ref"),
                         InstanceMethod<&TreeWatch::Unref>("unref"),
                     });
}

Napi::Object TreeWatch::Start(Napi::Env env, GuardianHandle* guardian, const Napi::Function& on_end, Failure* failure) {
  TreeWatch* const watch = Make(Environment::Of(env).tree_watch, failure);
  if (watch == nullptr) return {};
  *failure = watch->Wait(guardian->process.pidfd.get(), "seccomp.TreeWatch", on_end);
  if (failure->error != 0) return {};
  const auto on_teardown = [](TreeWatch* ending) { ending->OnTeardown(); };
  const int error = watch->control_poll_.Open(env, watch, on_teardown, uv_poll_init, guardian->control.get());
  if (error != 0) {
    watch->StopWaiting();
    *failure = {-error, "uv_poll_init"};
    return {};
  }
  uv_poll_start(watch->control_poll_.get(), UV_READABLE, OnReport);
  watch->guardian_ = std::move(*guardian);
  watch->KeepAlive(true);
  return watch->Value();
}

GuardianHandle TreeWatch::Release(const Napi::Object& tree) {
  TreeWatch* watch = Unwrap(tree);
  return watch == nullptr ? GuardianHandle() : watch->Close();
}

Napi::Value TreeWatch::Signal(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  int error = EINVAL;
  if (ReadValue(info[0], &signal) && signal > 0 && signal <= 64)
    error = is_waiting() ? SignalTree(guardian_, signal) : ESRCH;
  return Napi::Number::New(info.Env(), error);
}

void TreeWatch::ChildEnded(const Napi::CallbackInfo&) {
  if (is_waiting()) ContinueGuardian(guardian_);
}

void TreeWatch::OnReadable() {
  siginfo_t status = {};
  if (!Reap(guardian_.process, WNOHANG, &status)) return;
  ReapReportedZombies(guardian_);
  Finish([&](Napi::Env env) -> std::vector<napi_value> {
    Close();
    const bool has_exited = status.si_pid != 0 && status.si_code == CLD_EXITED;
    return {has_exited ? static_cast<napi_value>(Napi::Number::New(env, status.si_status)) : env.Null()};
  });
}

void TreeWatch::OnReport(uv_poll_t* handle, int, int) {
  TreeWatch* watch = decltype(control_poll_)::OwnerOf(handle);
  if (watch != nullptr && !ReapReportedZombies(watch->guardian_)) uv_poll_stop(handle);
}

GuardianHandle TreeWatch::Close() {
  StopWaiting();
  control_poll_.Close();
  return std::move(guardian_);
}

}  // namespace seccomp
