// Registers the functions of the addon. lib/native.ts describes their parameters and results.
#include <napi.h>

#include "napi/descriptors.h"
#include "napi/environment.h"
#include "napi/features.h"
#include "napi/landlock/private_directory.h"
#include "napi/landlock/rulesets.h"
#include "napi/notify/calls.h"
#include "napi/notify/connect.h"
#include "napi/notify/local_socket.h"
#include "napi/notify/supervision.h"
#include "napi/probe.h"
#include "napi/process/signal_senders.h"
#include "napi/process/spawn.h"
#include "napi/process/spawn_sync.h"
#include "napi/process/this_process.h"
#include "napi/values.h"

namespace seccomp {
namespace {

// `function` is a template argument, so that node-addon-api allocates no data for each function.
template <auto function>
void Register(const Napi::Object& exports, const char* name) {
  SetOwn(exports, name, Napi::Function::New<function>(exports.Env(), name));
}

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  Environment::Make(env);
  SetOwn(exports, "version", SECCOMP_VERSION);
  Register<Spawn>(exports, "spawn");
  Register<SpawnSync>(exports, "spawnSync");
  Register<Execve>(exports, "execve");
  Register<Install>(exports, "install");
  Register<WatchSender>(exports, "watchSender");
  Register<TakeFromKernel>(exports, "takeFromKernel");
  Register<Probe>(exports, "probe");
  Register<OpenGuardian>(exports, "openGuardian");
  Register<ActionAvailable>(exports, "actionAvailable");
  Register<FilterFlagsKnown>(exports, "filterFlagsKnown");
  Register<TryDomain>(exports, "tryDomain");
  Register<FindLandlockSupport>(exports, "landlockSupport");
  Register<OpenPathRuleset>(exports, "openPathRuleset");
  Register<IsCurrent>(exports, "isCurrent");
  Register<CredentialsOfThread>(exports, "credentials");
  Register<RestrictThisProcess>(exports, "restrictThisProcess");
  Register<MakePrivateDirectory>(exports, "makePrivateDirectory");
  Register<RemovePrivateDirectory>(exports, "removePrivateDirectory");
  Register<OpenHandover>(exports, "openHandover");
  Register<Receive>(exports, "receive");
  Register<GiveBack>(exports, "giveBack");
  Register<CloseSocket>(exports, "closeSocket");
  Register<EndReading>(exports, "endReading");
  Register<IsListening>(exports, "isListening");
  Register<MakeSupervision>(exports, "supervision");
  Register<OpenMailbox>(exports, "openMailbox");
  Register<CloseMailbox>(exports, "closeMailbox");
  Register<KindAt>(exports, "kind");
  Register<Counts>(exports, "counts");
  Register<AnswerCall>(exports, "answer");
  Register<AddDescriptor>(exports, "addDescriptor");
  Register<ReadCallMemory>(exports, "readMemory");
  Register<WriteCallMemory>(exports, "writeMemory");
  Register<SocketOf>(exports, "socketOf");
  Register<Connect>(exports, "connect");
  Register<Reach>(exports, "reach");
  Register<BindSocket>(exports, "bindSocket");
  return exports;
}

}  // namespace

// In this namespace, where the macro finds it.
NODE_API_MODULE(seccomp, Initialize)

}  // namespace seccomp
