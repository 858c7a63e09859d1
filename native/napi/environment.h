// What the addon keeps for each environment of Node: the main thread's and each worker's.
#ifndef SECCOMP_NATIVE_ENVIRONMENT_H_
#define SECCOMP_NATIVE_ENVIRONMENT_H_

#include <napi.h>

#include <memory>

#include "napi/exit_watch.h"
#include "napi/notify/local_socket.h"
#include "napi/descriptors.h"

namespace seccomp {

struct Environment {
  // Call once, when the addon is loaded.
  static void Make(Napi::Env env) {
    auto environment = std::make_unique<Environment>();
    environment->exit_watch = Napi::Persistent(ExitWatch::Define(env));
    environment->local_socket = Napi::Persistent(LocalSocket::Define(env));
    env.SetInstanceData(environment.release());
  }
  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  Napi::FunctionReference exit_watch, local_socket;  // The classes.
  Lent lent;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_ENVIRONMENT_H_
