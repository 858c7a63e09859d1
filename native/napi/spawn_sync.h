// Starts a program under a filter and waits for its end: the poll loop of spawnSync.
#ifndef SECCOMP_NATIVE_SPAWN_SYNC_H_
#define SECCOMP_NATIVE_SPAWN_SYNC_H_

#include <napi.h>

namespace seccomp {

// spawnSync(request, { input, timeout, maxBuffer, killSignal }) → { pid, code, signal, output, stopped } or
// { error, call } if nothing was started. `timeout` in milliseconds, 0: none; `maxBuffer` in bytes over all streams, 0:
// no limit; `stopped`: the errno for which the child was killed or a stream given up (ETIMEDOUT, ENOBUFS, …), else 0.
Napi::Value SpawnSync(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SPAWN_SYNC_H_
