// Reports the end of a child on the event loop. The child's pidfd becomes readable when the child ends.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "child/child_handle.h"
#include "system/failure.h"

namespace seccomp {

// The JavaScript object of a running child: kill(signal) → errno, killGroup(signal) → errno, ref(), unref(), end(). It
// is not garbage-collected before the child is reaped.
class ExitWatch : public Napi::ObjectWrap<ExitWatch> {
 public:
  // Returns the class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);

  // Takes over the child and watches it. `on_exit(code, signal, cpuTime, maxRss)` is called once, with null for the one
  // of the first two that does not apply, and for all that is unknown. If that fails, sets `failure` and returns an
  // empty value; the caller keeps the child.
  static Napi::Object Start(Napi::Env env, ChildHandle* child, const Napi::Function& on_exit, Failure* failure);

  explicit ExitWatch(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExitWatch>(info) {}
  ~ExitWatch() override;
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

 private:
  // The child and the handle of its pidfd. libuv calls the callback that frees this structure after Close has returned.
  struct Poll {
    uv_poll_t handle = {};
    ExitWatch* owner = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
    ChildHandle child;
  };

  Napi::Value Kill(const Napi::CallbackInfo& info);
  Napi::Value KillGroup(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& info);
  void Unref(const Napi::CallbackInfo& info);
  // Kills and reaps the child. on_exit is not called.
  void EndNow(const Napi::CallbackInfo& info);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  void Report(const siginfo_t& status, const rusage& usage);
  // Stops watching and returns the child. Must be called only once.
  ChildHandle Close();

  Poll* poll_ = nullptr;  // nullptr after Close.
  Napi::FunctionReference on_exit_;
  // The asynchronous context of the start, so that `on_exit` runs with the AsyncLocalStorage of the start. nullptr
  // after Close.
  std::unique_ptr<Napi::AsyncContext> context_;
};

}  // namespace seccomp
