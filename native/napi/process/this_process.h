// Confines, replaces or describes this process itself.
#ifndef SECCOMP_NATIVE_NAPI_PROCESS_THIS_PROCESS_H_
#define SECCOMP_NATIVE_NAPI_PROCESS_THIS_PROCESS_H_

#include <napi.h>

namespace seccomp {

// install(filters) → undefined, or { error, call, attached, thread? } if a filter could not be attached. `attached`
// is the number of filters that are attached and stay. `thread` is the thread that has other filters than the calling
// one, for which SECCOMP_FILTER_FLAG_TSYNC attached none.
Napi::Value Install(const Napi::CallbackInfo& info);

// execve(request) → { error, call } if it failed; this process is then as it was. Otherwise it does not return.
Napi::Value Execve(const Napi::CallbackInfo& info);

// openGuardian(path) → 0 or an errno: see OpenGuardianProgram.
Napi::Value OpenGuardian(const Napi::CallbackInfo& info);

// credentials() → the calling thread's user IDs (real, effective and saved), its SECBIT_*, and the lower and upper
// halves of its permitted and of its effective capabilities; or −errno.
Napi::Value CredentialsOfThread(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_PROCESS_THIS_PROCESS_H_
