// A child's end, seen through its pidfd in the event loop.
#ifndef SECCOMP_NATIVE_EXIT_WATCH_H_
#define SECCOMP_NATIVE_EXIT_WATCH_H_

#include <napi.h>
#include <uv.h>

#include <memory>

#include "child/clone.h"

namespace seccomp {

// What JavaScript holds of a running child: kill(signal) → errno, ref(), unref(), end(). It lives until the child is
// reaped.
class ExitWatch : public Napi::ObjectWrap<ExitWatch> {
 public:
  // The class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);

  // Watches the child; `on_exit(code, signal)` is called once, with null for the one that does not apply. Returns an
  // empty value and sets `failure` if that can't be done; the child is then the caller's still.
  static Napi::Object Start(Napi::Env env, ChildHandle* child, const Napi::Function& on_exit, Failure* failure);

  explicit ExitWatch(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ExitWatch>(info) {}
  ~ExitWatch() override;
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

 private:
  // libuv frees handles later than we go.
  struct Poll {
    uv_poll_t handle = {};
    ExitWatch* owner = nullptr;
    napi_async_cleanup_hook_handle hook = nullptr;
    ChildHandle child;
  };

  Napi::Value Kill(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& info);
  void Unref(const Napi::CallbackInfo& info);
  // Kills and reaps the child now, and tells nobody.
  void EndNow(const Napi::CallbackInfo& info);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  void Report(int code, int signal);
  // Stops watching, which must not have been done, and gives the child back.
  ChildHandle Close();

  Poll* poll_ = nullptr;
  Napi::FunctionReference on_exit_;
  // Of the start, so that `on_exit` sees the AsyncLocalStorage that was there then. nullptr when Close was called.
  std::unique_ptr<Napi::AsyncContext> context_;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_EXIT_WATCH_H_
