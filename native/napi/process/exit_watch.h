// Reports the end of a child on the event loop. The child's pidfd becomes readable when the child ends.
#pragma once

#include <napi.h>

#include "child/child_handle.h"
#include "napi/waiting_object.h"
#include "system/failure.h"

namespace seccomp {

// The JavaScript object of a running child: kill(signal) → errno, killGroup(signal) → errno, ref(), unref(), end(). It
// is not garbage-collected before the child is reaped.
class ExitWatch : public WaitingObject<ExitWatch> {
 public:
  // Returns the class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);

  // Takes over the child and watches it. `on_exit(code, signal, cpuTime, maxRss)` is called once, with null for the one
  // of the first two that does not apply, and for all that is unknown. If that fails, sets `failure` and returns an
  // empty value; the caller keeps the child.
  static Napi::Object Start(Napi::Env env, ChildHandle* child, const Napi::Function& on_exit, Failure* failure);

  explicit ExitWatch(const Napi::CallbackInfo& info) : WaitingObject(info) {}

 private:
  friend WaitingObject;

  Napi::Value Kill(const Napi::CallbackInfo& info);
  Napi::Value KillGroup(const Napi::CallbackInfo& info);
  // Kills and reaps the child. on_exit is not called.
  void EndNow(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& /*info*/) { KeepAlive(true); }
  void Unref(const Napi::CallbackInfo& /*info*/) { KeepAlive(false); }
  void OnReadable();
  // A worker ends while its child runs. The child goes on, and is abandoned.
  void OnTeardown() { Abandon(Close()); }
  // Stops watching and returns the child.
  ChildHandle Close();

  ChildHandle child_;
};

}  // namespace seccomp
