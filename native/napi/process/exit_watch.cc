#include "napi/process/exit_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include <iterator>
#include <memory>
#include <utility>

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
  Napi::Object object = Environment::Of(env).exit_watch.New({});
  ExitWatch* watch = object.IsEmpty() ? nullptr : Unwrap(object);
  if (watch == nullptr) {  // This worker is being terminated.
    *failure = {ECANCELED, "napi_new_instance"};
    return {};
  }
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto poll = std::make_unique<Poll>();
  const int error = uv_poll_init(loop, &poll->handle, child->pidfd.get());
  if (error != 0) {
    *failure = {-error, "uv_poll_init"};
    return {};
  }
  watch->Napi::ObjectWrap<ExitWatch>::Ref();
  watch->on_exit_ = Napi::Persistent(on_exit);
  watch->context_ = std::make_unique<Napi::AsyncContext>(env, "seccomp.ExitWatch", object);
  poll->owner = watch;
  poll->handle.data = poll.get();
  poll->child = std::move(*child);
  napi_add_async_cleanup_hook(env, OnTeardown, poll.get(), &poll->hook);
  uv_poll_start(&poll->handle, UV_READABLE, OnReadable);  // Cannot fail: the handle is initialized and not closing.
  watch->poll_ = poll.release();
  return object;
}

ExitWatch::~ExitWatch() {
  if (poll_ != nullptr) poll_->owner = nullptr;
}

Napi::Value ExitWatch::Kill(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  if (!ReadValue(info[0], &signal)) signal = -1;  // No signal has this number: EINVAL.
  return Napi::Number::New(info.Env(), poll_ == nullptr ? ESRCH : SendSignal(poll_->child.pidfd, signal));
}

Napi::Value ExitWatch::KillGroup(const Napi::CallbackInfo& info) {
  int32_t signal = 0;
  if (!ReadValue(info[0], &signal)) signal = -1;
  return Napi::Number::New(info.Env(), poll_ == nullptr ? ESRCH : SignalGroup(poll_->child, signal));
}

void ExitWatch::Ref(const Napi::CallbackInfo&) {
  if (poll_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(&poll_->handle));
}

void ExitWatch::Unref(const Napi::CallbackInfo&) {
  if (poll_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&poll_->handle));
}

void ExitWatch::EndNow(const Napi::CallbackInfo&) {
  if (poll_ == nullptr) return;
  siginfo_t status;
  ChildHandle child = Close();
  KillAndReap(&child, &status);
}

void ExitWatch::OnReadable(uv_poll_t* handle, int, int) {
  ExitWatch* watch = static_cast<Poll*>(handle->data)->owner;
  if (watch == nullptr) return;
  siginfo_t status = {};
  rusage usage = {};
  if (Reap(watch->poll_->child, WNOHANG, &status, &usage)) watch->Report(status, usage);
}

void ExitWatch::Report(const siginfo_t& status, const rusage& usage) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  const Napi::Function on_exit = on_exit_.Value();
  const Napi::Object self = Value();
  const std::unique_ptr<Napi::AsyncContext> context = std::move(context_);
  Close();
  const ChildEnd end(env, status, usage);
  const napi_value arguments[] = {end.code, end.signal, end.cpu_time, end.max_rss};
  // node-addon-api is not used here, since it ends the process if it cannot throw. libuv calls this function even while
  // the environment is torn down, when JavaScript cannot run any more.
  napi_make_callback(env, *context, self, on_exit, std::size(arguments), arguments, nullptr);
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

// Called when a worker ends while its child runs. The child goes on, and is abandoned.
void ExitWatch::OnTeardown(napi_async_cleanup_hook_handle, void* data) {
  Poll* poll = static_cast<Poll*>(data);
  if (poll->owner != nullptr) Abandon(poll->owner->Close());
  // Node waits until the close callback has removed the hook.
}

ChildHandle ExitWatch::Close() {
  Poll* poll = std::exchange(poll_, nullptr);
  context_.reset();
  poll->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&poll->handle), [](uv_handle_t* handle) {
    const std::unique_ptr<Poll> closed(static_cast<Poll*>(handle->data));
    napi_remove_async_cleanup_hook(closed->hook);
  });
  Napi::ObjectWrap<ExitWatch>::Unref();
  return std::move(poll->child);  // uv_close has stopped polling its pidfd.
}

}  // namespace seccomp
