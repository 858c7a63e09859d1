// The state of the addon for each environment of Node: that of the main thread, and that of each worker.
#pragma once

#include <napi.h>

#include <memory>

#include "napi/descriptors.h"
#include "napi/notify/local_socket.h"
#include "napi/process/exit_watch.h"
#include "napi/process/tree_watch.h"

namespace seccomp {

struct Environment {
  // To be called once, when the addon is loaded.
  static void Make(Napi::Env env) {
    auto environment = std::make_unique<Environment>();
    environment->exit_watch = Napi::Persistent(ExitWatch::Define(env));
    environment->local_socket = Napi::Persistent(LocalSocket::Define(env));
    environment->tree_watch = Napi::Persistent(TreeWatch::Define(env));
    env.SetInstanceData(environment.release());
  }
  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  Napi::FunctionReference exit_watch, local_socket, tree_watch;  // The classes.
  LentDescriptors lent;
};

}  // namespace seccomp
