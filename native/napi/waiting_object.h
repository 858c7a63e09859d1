// JavaScript objects that wait on the event loop until a descriptor is readable, and then call a function once.
#pragma once

#include <errno.h>
#include <napi.h>
#include <uv.h>

#include <memory>
#include <utility>
#include <vector>

#include "napi/loop_handle.h"
#include "system/failure.h"

namespace seccomp {

// The base of the class `Self`, which has the functions OnReadable(), called when the descriptor is readable, and
// OnTeardown(), called if the environment ends before; both may call StopWaiting(). The object is not garbage-collected
// while it waits.
template <typename Self>
class WaitingObject : public Napi::ObjectWrap<Self> {
  friend Self;

  WaitingObject(const WaitingObject&) = delete;
  WaitingObject& operator=(const WaitingObject&) = delete;
  explicit WaitingObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Self>(info) {}
  ~WaitingObject() override = default;

  // Makes an object of a class. Returns nullptr, with `failure`, if this worker is being terminated.
  static Self* Make(const Napi::FunctionReference& of_class, Failure* failure) {
    const Napi::Object object = of_class.New({});
    Self* const self = object.IsEmpty() ? nullptr : Self::Unwrap(object);
    if (self == nullptr) *failure = {ECANCELED, "napi_new_instance"};
    return self;
  }

  // Waits, without keeping the event loop alive. `callback` runs with the AsyncLocalStorage of this call; `name` is
  // that of the asynchronous resource.
  Failure Wait(int descriptor, const char* name, const Napi::Function& callback) {
    const Napi::Env env = this->Env();
    const int error = poll_.Open(env, static_cast<Self*>(this), Teardown, uv_poll_init, descriptor);
    if (error != 0) return {-error, "uv_poll_init"};
    this->Napi::ObjectWrap<Self>::Ref();
    callback_ = Napi::Persistent(callback);
    context_ = std::make_unique<Napi::AsyncContext>(env, name, this->Value());
    uv_poll_start(poll_.get(), UV_READABLE, Readable);  // Cannot fail: the handle is initialized and not closing.
    return {};
  }

  bool is_waiting() const { return poll_.is_open(); }

  // Whether the event loop goes on while this waits.
  void KeepAlive(bool alive) {
    if (is_waiting()) (alive ? uv_ref : uv_unref)(reinterpret_cast<uv_handle_t*>(poll_.get()));
  }

  // May be called twice.
  void StopWaiting() {
    if (!is_waiting()) return;
    poll_.Close();
    context_.reset();
    this->Napi::ObjectWrap<Self>::Unref();
  }

  // Calls `before`, which stops waiting, and then the callback, with the values that `before` returns.
  //
  // node-addon-api does not call it, since it ends the process if it cannot throw. libuv calls OnReadable even while
  // the environment is torn down, when JavaScript cannot run any more.
  template <typename Before>
  void Finish(const Before& before) {
    const Napi::Env env = this->Env();
    const Napi::HandleScope scope(env);
    const Napi::Function callback = callback_.Value();
    const Napi::Object self = this->Value();
    const std::unique_ptr<Napi::AsyncContext> context = std::move(context_);
    const std::vector<napi_value> arguments = before(env);
    napi_make_callback(env, *context, self, callback, arguments.size(), arguments.data(), nullptr);
    if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
  }

  static void Readable(uv_poll_t* handle, int /*status*/, int /*events*/) {
    Self* const self = decltype(poll_)::OwnerOf(handle);
    if (self != nullptr) self->OnReadable();
  }
  static void Teardown(Self* self) { self->OnTeardown(); }

  LoopHandle<uv_poll_t, Self> poll_;
  Napi::FunctionReference callback_;
  std::unique_ptr<Napi::AsyncContext> context_;  // nullptr after StopWaiting.
};

}  // namespace seccomp
