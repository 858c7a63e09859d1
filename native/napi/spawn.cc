// Starts a program under a filter, watched by the event loop.
#include "napi/spawn.h"

#include <signal.h>

#include <memory>

#include "child/clone.h"
#include "napi/exit_watch.h"
#include "napi/read_request.h"
#include "napi/environment.h"
#include "napi/values.h"
#include "napi/notify/supervise.h"

namespace seccomp {
namespace {

// Ends a child that nobody will hear of.
Napi::Value Undo(Napi::Env env, ChildHandle* child, const Failure& failure) {
  siginfo_t status;
  End(child, &status);
  return ToJavaScript(env, failure);
}

}  // namespace

Napi::Value Spawn(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject() || !info[1].IsFunction()) {
    Napi::TypeError::New(env, "spawn(request, onExit)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const std::unique_ptr<Request> request = Request::Read(env, info[0].As<Napi::Object>());
  if (request == nullptr) return env.Undefined();
  Launched launched;
  Failure failure = Launch(request.get(), &launched);
  if (failure.error != 0) return ToJavaScript(env, failure);

  Napi::Object result = Napi::Object::New(env);
  failure = Supervise(env, *request, &launched, result);
  if (failure.error != 0) return Undo(env, &launched.child, failure);
  const pid_t pid = launched.child.pid;
  const Napi::Object watch = ExitWatch::Start(env, &launched.child, info[1].As<Napi::Function>(), &failure);
  if (failure.error != 0) return Undo(env, &launched.child, failure);
  const Napi::Array sockets = Napi::Array::New(env, launched.sockets.size());
  bool told = SetOwn(result, "pid", pid) && SetOwn(result, "isolationError", launched.isolation_error) &&
              SetOwn(result, "watch", watch) && SetOwn(result, "sockets", sockets);
  for (uint32_t i = 0; told && i < launched.sockets.size(); i++) told = sockets.Set(i, launched.sockets[i].get());
  if (!told) return env.Undefined();  // This worker is being terminated: the child goes on, unwatched.
  Environment::Of(env).lent.HandOver(&launched.sockets);
  return result;
}

}  // namespace seccomp
