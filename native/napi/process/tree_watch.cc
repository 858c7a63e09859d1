#include "napi/process/tree_watch.h"

#include <errno.h>
#include <sys/wait.h>

#include <iterator>
#include <utility>

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
  const Napi::Object object = Environment::Of(env).tree_watch.New({});
  TreeWatch* watch = object.IsEmpty() ? nullptr : Unwrap(object);
  if (watch == nullptr) {  // This worker is being terminated.
    *failure = {ECANCELED, "napi_new_instance"};
    return {};
  }
  int error = watch->poll_.Open(env, watch, OnTeardown, uv_poll_init, guardian->process.pidfd.get());
  if (error == 0) {
    error = watch->control_poll_.Open(env, watch, OnTeardown, uv_poll_init, guardian->control.get());
    if (error != 0) watch->poll_.Close();
  }
  if (error != 0) {
    *failure = {-error, "uv_poll_init"};
    return {};
  }
  watch->Napi::ObjectWrap<TreeWatch>::Ref();
  watch->on_end_ = Napi::Persistent(on_end);
  watch->context_ = std::make_unique<Napi::AsyncContext>(env, "seccomp.TreeWatch", object);
  watch->guardian_ = std::move(*guardian);
  uv_poll_start(watch->poll_.get(), UV_READABLE,
                OnReadable);  // Cannot fail: the handle is initialized and not closing.
  uv_poll_start(watch->control_poll_.get(), UV_READABLE, OnReport);
  uv_ref(reinterpret_cast<uv_handle_t*>(watch->poll_.get()));
  return object;
}

GuardianHandle TreeWatch::Release(const Napi::Object& tree) {
  TreeWatch* watch = Unwrap(tree);
  return watch == nullptr ? GuardianHandle() : watch->Close();
}

Napi::Value TreeWatch::Signal(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  int error = EINVAL;
  if (ReadValue(info[0], &signal) && signal > 0 && signal <= 64)
    error = poll_.is_open() ? SignalTree(guardian_, signal) : ESRCH;
  return Napi::Number::New(info.Env(), error);
}

void TreeWatch::ChildEnded(const Napi::CallbackInfo&) {
  if (poll_.is_open()) ContinueGuardian(guardian_);
}

void TreeWatch::Ref(const Napi::CallbackInfo&) {
  if (poll_.is_open()) uv_ref(reinterpret_cast<uv_handle_t*>(poll_.get()));
}

void TreeWatch::Unref(const Napi::CallbackInfo&) {
  if (poll_.is_open()) uv_unref(reinterpret_cast<uv_handle_t*>(poll_.get()));
}

void TreeWatch::OnReadable(uv_poll_t* handle, int, int) {
  TreeWatch* watch = decltype(poll_)::OwnerOf(handle);
  if (watch == nullptr) return;
  siginfo_t status = {};
  if (!Reap(watch->guardian_.process, WNOHANG, &status)) return;
  ReapReportedZombies(watch->guardian_);
  watch->Report(watch->Env(), status);
}

void TreeWatch::OnReport(uv_poll_t* handle, int, int) {
  TreeWatch* watch = decltype(control_poll_)::OwnerOf(handle);
  if (watch != nullptr && !ReapReportedZombies(watch->guardian_)) uv_poll_stop(handle);
}

void TreeWatch::Report(Napi::Env env, const siginfo_t& status) {
  const Napi::HandleScope scope(env);
  const Napi::Function on_end = on_end_.Value();
  const Napi::Object self = Value();
  const std::unique_ptr<Napi::AsyncContext> context = std::move(context_);
  Close();
  const bool has_exited = status.si_pid != 0 && status.si_code == CLD_EXITED;
  const napi_value arguments[] = {has_exited ? static_cast<napi_value>(Napi::Number::New(env, status.si_status))
                                             : env.Null()};
  // As in ExitWatch::Report.
  napi_make_callback(env, *context, self, on_end, std::size(arguments), arguments, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

void TreeWatch::OnTeardown(TreeWatch* watch) { AbandonTree(watch->Close()); }

GuardianHandle TreeWatch::Close() {
  poll_.Close();
  control_poll_.Close();
  context_.reset();
  Napi::ObjectWrap<TreeWatch>::Unref();
  return std::move(guardian_);
}

}  // namespace seccomp
