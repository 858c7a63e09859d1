// Reports the end of a child's tree on the event loop: the end of its guardian, whose pidfd becomes readable.
#pragma once

#include <napi.h>
#include <uv.h>

#include "child/guardian_handle.h"
#include "napi/loop_handle.h"
#include "napi/waiting_object.h"
#include "system/failure.h"

namespace seccomp {

// The JavaScript object of a guarded tree: signal(number) → errno, childEnded(), ref(), unref(). It is not
// garbage-collected before the guardian is reaped.
class TreeWatch : public WaitingObject<TreeWatch> {
 public:
  // Returns the class, for Environment::Make.
  static Napi::Function Define(Napi::Env env);

  // Takes over the guardian of a tree and watches it. `on_end(status)` is called once, with the guardian's
  // GuardianStatus; null if it was killed. If that fails, sets `failure` and returns an empty value; the caller keeps
  // the guardian.
  static Napi::Object Start(Napi::Env env, GuardianHandle* guardian, const Napi::Function& on_end, Failure* failure);

  // Gives the guardian of a tree back that JavaScript does not get. `on_end` is not called. Returns none if this worker
  // is being terminated: the teardown of its environment then abandons the tree.
  static GuardianHandle Release(const Napi::Object& tree);

  explicit TreeWatch(const Napi::CallbackInfo& info) : WaitingObject(info) {}

 private:
  friend WaitingObject;

  Napi::Value Signal(const Napi::CallbackInfo& info);
  void ChildEnded(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& /*info*/) { KeepAlive(true); }
  void Unref(const Napi::CallbackInfo& /*info*/) { KeepAlive(false); }
  void OnReadable();
  static void OnReport(uv_poll_t* handle, int status, int events);
  // A worker that ends does not wait for its trees: they end with it.
  void OnTeardown() { AbandonTree(Close()); }
  // Stops watching and returns the guardian.
  GuardianHandle Close();

  LoopHandle<uv_poll_t, TreeWatch> control_poll_;  // Of the guardian's socket. It never keeps the event loop alive.
  GuardianHandle guardian_;
};

}  // namespace seccomp
