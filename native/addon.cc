// Registers what the addon offers; lib/native.ts says what each function takes and gives.
#include <napi.h>

#include "connect.h"
#include "environment.h"
#include "execve.h"
#include "filter.h"
#include "local_socket.h"
#include "probe.h"
#include "sockets.h"
#include "spawn.h"
#include "spawn_sync.h"
#include "supervise.h"

namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  seccomp::Environment::Make(env);
  exports.Set("version", SECCOMP_VERSION);
  exports.Set("spawn", Napi::Function::New<seccomp::Spawn>(env, "spawn"));
  exports.Set("spawnSync", Napi::Function::New<seccomp::SpawnSync>(env, "spawnSync"));
  exports.Set("borrow", Napi::Function::New<seccomp::Borrow>(env, "borrow"));
  exports.Set("endReading", Napi::Function::New<seccomp::EndReading>(env, "endReading"));
  exports.Set("isListening", Napi::Function::New<seccomp::IsListening>(env, "isListening"));
  exports.Set("execve", Napi::Function::New<seccomp::Execve>(env, "execve"));
  exports.Set("install", Napi::Function::New<seccomp::Install>(env, "install"));
  exports.Set("probe", Napi::Function::New<seccomp::Probe>(env, "probe"));
  exports.Set("actionAvailable", Napi::Function::New<seccomp::ActionAvailable>(env, "actionAvailable"));
  exports.Set("filterFlagsKnown", Napi::Function::New<seccomp::FilterFlagsKnown>(env, "filterFlagsKnown"));
  exports.Set("supervision", Napi::Function::New<seccomp::MakeSupervision>(env, "supervision"));
  exports.Set("openInbox", Napi::Function::New<seccomp::OpenInbox>(env, "openInbox"));
  exports.Set("kind", Napi::Function::New<seccomp::KindAt>(env, "kind"));
  exports.Set("counts", Napi::Function::New<seccomp::Counts>(env, "counts"));
  exports.Set("answer", Napi::Function::New<seccomp::AnswerCall>(env, "answer"));
  exports.Set("addDescriptor", Napi::Function::New<seccomp::AddDescriptor>(env, "addDescriptor"));
  exports.Set("readMemory", Napi::Function::New<seccomp::ReadCallMemory>(env, "readMemory"));
  exports.Set("writeMemory", Napi::Function::New<seccomp::WriteCallMemory>(env, "writeMemory"));
  exports.Set("reach", Napi::Function::New<seccomp::Reach>(env, "reach"));
  exports.Set("bindSocket", Napi::Function::New<seccomp::BindSocket>(env, "bindSocket"));
  exports.Set("connect", Napi::Function::New<seccomp::Connect>(env, "connect"));
  return exports;
}

}  // namespace

NODE_API_MODULE(seccomp, Initialize)
