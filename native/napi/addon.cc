// Registers the functions of the addon.
#include <napi.h>

#include "napi/adapted.h"
#include "napi/environment.h"
#include "napi/functions.h"

namespace seccomp {
namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  Environment::Make(env);
  SetOwn(exports, "version", SECCOMP_VERSION);
  Register<Spawn>(exports, "spawn(request, onExit, onTreeEnd)");
  Register<SpawnSync>(exports, "spawnSync(request, limits)");
  Register<Execve>(exports, "execve(request)");
  Register<Install>(exports, "install(filters)");
  Register<WatchSender>(exports, "watchSender(signal)");
  Register<TakeFromKernel>(exports, "takeFromKernel(signal)");
  Register<Probe>(exports, "probe(filters, calls, traced)");
  Register<OpenGuardian>(exports, "openGuardian(path)");
  Register<ActionAvailable>(exports, "actionAvailable(action)");
  Register<FilterFlagsKnown>(exports, "filterFlagsKnown(flags)");
  Register<TryDomain>(exports, "tryDomain([handled, granted, scoped])");
  Register<FindLandlockSupport>(exports, "landlockSupport(mask)");
  Register<OpenPathRuleset>(exports, "openPathRuleset(ruleset)");
  Register<IsCurrent>(exports, "isCurrent(ruleset)");
  Register<CredentialsOfThread>(exports, "credentials()");
  Register<RestrictThisProcess>(exports, "restrictThisProcess(ruleset, noNewPrivileges)");
  Register<MakePrivateDirectory>(exports, "makePrivateDirectory(parent, uid?, gid?)");
  Register<RemovePrivateDirectory>(exports, "removePrivateDirectory(handle, done?)");
  Register<OpenHandover>(exports, "openHandover()");
  Register<Receive>(exports, "receive()");
  Register<GiveBack>(exports, "giveBack()");
  Register<CloseSocket>(exports, "closeSocket(descriptor)");
  Register<EndReading>(exports, "endReading(descriptor)");
  Register<IsListening>(exports, "isListening(descriptor)");
  Register<MakeSupervision>(exports, "supervision(options)");
  Register<OpenMailbox>(exports, "openMailbox(onMail)");
  Register<CloseMailbox>(exports, "closeMailbox(mailbox)");
  Register<KindAt>(exports, "kind(listener, index)");
  Register<Counts>(exports, "counts(listener)");
  Register<AnswerCall>(exports, "answer(listener, call, errno, value), with -1 for errno to continue the call");
  Register<AddDescriptor>(exports, "addDescriptor(listener, call, descriptor, closeOnExec)");
  Register<ReadCallMemory>(exports, "readMemory(listener, call, tid, address, size), with a size of at most 1 MiB");
  Register<WriteCallMemory>(exports, "writeMemory(listener, call, tid, address, bytes)");
  Register<SocketOf>(exports, "socketOf(listener, call, tid, descriptor)");
  Register<Connect>(exports, kConnectUsage);
  Register<Reach>(exports, "reach(path)");
  Register<BindSocket>(exports, "bindSocket(path)");
  return exports;
}

}  // namespace

// In this namespace, where the macro finds it.
NODE_API_MODULE(seccomp, Initialize)

}  // namespace seccomp
