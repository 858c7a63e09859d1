// Registers what the addon offers; lib/native.ts says what each function takes and gives.
#include <napi.h>

#include "child/execve.h"
#include "supervisor/connection.h"
#include "napi/environment.h"
#include "napi/this_process.h"
#include "napi/features.h"
#include "napi/probe.h"
#include "napi/values.h"
#include "napi/spawn.h"
#include "napi/spawn_sync.h"
#include "napi/notify/supervise.h"
#include "napi/notify/local_socket.h"
#include "napi/descriptors.h"

namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  seccomp::Environment::Make(env);
  seccomp::SetOwn(exports, "version", SECCOMP_VERSION);
  seccomp::SetOwn(exports, "spawn", Napi::Function::New<seccomp::Spawn>(env, "spawn"));
  seccomp::SetOwn(exports, "spawnSync", Napi::Function::New<seccomp::SpawnSync>(env, "spawnSync"));
  seccomp::SetOwn(exports, "borrow", Napi::Function::New<seccomp::Borrow>(env, "borrow"));
  seccomp::SetOwn(exports, "giveBack", Napi::Function::New<seccomp::GiveBack>(env, "giveBack"));
  seccomp::SetOwn(exports, "takeBack", Napi::Function::New<seccomp::TakeBack>(env, "takeBack"));
  seccomp::SetOwn(exports, "endReading", Napi::Function::New<seccomp::EndReading>(env, "endReading"));
  seccomp::SetOwn(exports, "isListening", Napi::Function::New<seccomp::IsListening>(env, "isListening"));
  seccomp::SetOwn(exports, "execve", Napi::Function::New<seccomp::Execve>(env, "execve"));
  seccomp::SetOwn(exports, "install", Napi::Function::New<seccomp::Install>(env, "install"));
  seccomp::SetOwn(exports, "probe", Napi::Function::New<seccomp::Probe>(env, "probe"));
  seccomp::SetOwn(exports, "actionAvailable", Napi::Function::New<seccomp::ActionAvailable>(env, "actionAvailable"));
  seccomp::SetOwn(exports, "filterFlagsKnown", Napi::Function::New<seccomp::FilterFlagsKnown>(env, "filterFlagsKnown"));
  seccomp::SetOwn(exports, "tryDomain", Napi::Function::New<seccomp::TryDomain>(env, "tryDomain"));
  seccomp::SetOwn(exports, "closeInbox", Napi::Function::New<seccomp::CloseInbox>(env, "closeInbox"));
  seccomp::SetOwn(exports, "supervision", Napi::Function::New<seccomp::MakeSupervision>(env, "supervision"));
  seccomp::SetOwn(exports, "openInbox", Napi::Function::New<seccomp::OpenInbox>(env, "openInbox"));
  seccomp::SetOwn(exports, "kind", Napi::Function::New<seccomp::KindAt>(env, "kind"));
  seccomp::SetOwn(exports, "counts", Napi::Function::New<seccomp::Counts>(env, "counts"));
  seccomp::SetOwn(exports, "answer", Napi::Function::New<seccomp::AnswerCall>(env, "answer"));
  seccomp::SetOwn(exports, "addDescriptor", Napi::Function::New<seccomp::AddDescriptor>(env, "addDescriptor"));
  seccomp::SetOwn(exports, "readMemory", Napi::Function::New<seccomp::ReadCallMemory>(env, "readMemory"));
  seccomp::SetOwn(exports, "writeMemory", Napi::Function::New<seccomp::WriteCallMemory>(env, "writeMemory"));
  seccomp::SetOwn(exports, "reach", Napi::Function::New<seccomp::Reach>(env, "reach"));
  seccomp::SetOwn(exports, "bindSocket", Napi::Function::New<seccomp::BindSocket>(env, "bindSocket"));
  seccomp::SetOwn(exports, "socketOf", Napi::Function::New<seccomp::SocketOf>(env, "socketOf"));
  seccomp::SetOwn(exports, "connect", Napi::Function::New<seccomp::Connect>(env, "connect"));
  return exports;
}

}  // namespace

NODE_API_MODULE(seccomp, Initialize)
