// Starts a program whose end is reported by the event loop.
#ifndef SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_H_
#define SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_H_

#include <napi.h>

namespace seccomp {

// spawn(request, onExit) → a NativeChild, or { error, call } if a step failed; then no child is left.
Napi::Value Spawn(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_PROCESS_SPAWN_H_
