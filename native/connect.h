// Connects another process's socket in its place.
#ifndef SECCOMP_NATIVE_CONNECT_H_
#define SECCOMP_NATIVE_CONNECT_H_

#include <napi.h>

namespace seccomp {

// connect(listener, call, tid, descriptor, address, done): duplicates the socket of a thread that waits in a call and
// connects it, on a thread of libuv's; then done(0 or errno). Gives 0, or an errno and then never calls.
Napi::Value Connect(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CONNECT_H_
