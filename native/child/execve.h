// Turns this process into a program under a filter.
#ifndef SECCOMP_NATIVE_EXECVE_H_
#define SECCOMP_NATIVE_EXECVE_H_

#include <napi.h>

namespace seccomp {

// execve(request) → { error, call } if it failed; this process is then as it was. Otherwise it does not return.
Napi::Value Execve(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_EXECVE_H_
