// Starts a program under a filter: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) → RunChild → execve.
#ifndef SECCOMP_NATIVE_SPAWN_H_
#define SECCOMP_NATIVE_SPAWN_H_

#include <napi.h>

namespace seccomp {

// spawn(request, onExit) → { pid, watch, sockets } or { error, call }.
// `sockets[i]` is this process's end of the child's descriptor i, or -1. If anything fails, nothing was started.
Napi::Value Spawn(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SPAWN_H_
