// Starts a program and waits for its end.
#ifndef SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_SYNC_H_
#define SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_SYNC_H_

#include <napi.h>

namespace seccomp {

// spawnSync(request, limits) → a NativeResult, or { error, call } if a step failed; then no child is left.
Napi::Value SpawnSync(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_SYNC_H_
