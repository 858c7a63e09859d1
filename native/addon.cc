// Registers what the addon offers; lib/native.ts says what each function takes and gives.
#include <napi.h>

#include "execve.h"
#include "exit_watch.h"
#include "filter.h"
#include "spawn.h"
#include "spawn_sync.h"

namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  seccomp::ExitWatch::Define(env);
  exports.Set("version", SECCOMP_VERSION);
  exports.Set("spawn", Napi::Function::New<seccomp::Spawn>(env, "spawn"));
  exports.Set("spawnSync", Napi::Function::New<seccomp::SpawnSync>(env, "spawnSync"));
  exports.Set("borrow", Napi::Function::New<seccomp::Borrow>(env, "borrow"));
  exports.Set("execve", Napi::Function::New<seccomp::Execve>(env, "execve"));
  exports.Set("install", Napi::Function::New<seccomp::Install>(env, "install"));
  exports.Set("actionAvailable", Napi::Function::New<seccomp::ActionAvailable>(env, "actionAvailable"));
  exports.Set("filterFlagsKnown", Napi::Function::New<seccomp::FilterFlagsKnown>(env, "filterFlagsKnown"));
  return exports;
}

}  // namespace

NODE_API_MODULE(seccomp, Initialize)
