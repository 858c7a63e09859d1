// Connects another process's socket in its place.
#ifndef SECCOMP_NATIVE_CONNECT_H_
#define SECCOMP_NATIVE_CONNECT_H_

#include <napi.h>

namespace seccomp {

// connect(tid, descriptor, address, done): duplicates that thread's socket and connects it, on a thread of libuv's;
// then done(0 or errno). Gives 0, or an errno and then never calls. Whoever asks makes sure that the thread waits.
Napi::Value Connect(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CONNECT_H_
