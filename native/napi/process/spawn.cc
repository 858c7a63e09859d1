#include <signal.h>

#include "child/clone.h"
#include "napi/environment.h"
#include "napi/functions.h"
#include "napi/notify/supervision.h"
#include "napi/process/exit_watch.h"
#include "napi/process/tree_watch.h"

namespace seccomp {
namespace {

// Ends a child of which JavaScript gets no object. Returns the failure for JavaScript.
Napi::Value Undo(Napi::Env env, StartedChild* started, const Failure& failure) {
  EndStarted(started);
  return ToJavaScript(env, failure);
}

}  // namespace

Napi::Value Spawn(Napi::Env env, const Napi::Value& requested, const Napi::Function& on_exit,
                  const std::optional<Napi::Function>& on_tree_end) {
  SpawnRequest request;
  if (!ReadValue(requested, &request) ||
      !Require(env, !request.guarded || on_tree_end, "request.guarded is true, but there is no onTreeEnd")) {
    return env.Undefined();
  }
  StartedChild started;
  Napi::Object result = Napi::Object::New(env);
  Failure failure = StartSupervised(env, &request, &started, result);
  if (failure.error != 0) return ToJavaScript(env, failure);
  const pid_t pid = started.child.pid;
  const bool is_group = started.child.group > 0;
  Napi::Object tree;
  if (request.guarded && on_tree_end) {
    tree = TreeWatch::Start(env, &started.guardian, *on_tree_end, &failure);
    if (failure.error != 0) return Undo(env, &started, failure);
  }
  const Napi::Object watch = ExitWatch::Start(env, &started.child, on_exit, &failure);
  if (failure.error != 0) {
    if (!tree.IsEmpty()) started.guardian = TreeWatch::Release(tree);
    return Undo(env, &started, failure);
  }
  const Napi::Array sockets = Napi::Array::New(env, started.sockets.size());
  bool is_set = SetOwn(result, "pid", pid) && SetOwn(result, "domainError", started.domain_error) &&
                SetOwn(result, "watch", watch) && SetOwn(result, "sockets", sockets) &&
                (tree.IsEmpty() || (SetOwn(result, "tree", tree) && SetOwn(result, "isGroup", is_group)));
  for (uint32_t i = 0; is_set && i < started.sockets.size(); i++) is_set = sockets.Set(i, started.sockets[i].get());
  // This worker is being terminated. The child goes on: the teardown of the environment abandons it.
  if (!is_set) return env.Undefined();
  Environment::Of(env).lent.HandOver(&started.sockets);
  return result;
}

}  // namespace seccomp
