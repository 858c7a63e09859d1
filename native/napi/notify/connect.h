// Connects sockets of notified threads, for JavaScript.
#ifndef SECCOMP_NATIVE_NAPI_NOTIFY_CONNECT_H_
#define SECCOMP_NATIVE_NAPI_NOTIFY_CONNECT_H_

#include <napi.h>

namespace seccomp {

// socketOf(listener, call, tid, descriptor) → [domain, type, protocol] of a socket of the waiting thread, or -errno.
Napi::Value SocketOf(const Napi::CallbackInfo& info);

// connect(listener, call, tid, descriptor, address, seen?) → the number of the connection, whose result the mailbox
// reports; or -errno if it was not begun. EBADF: the socket differs from `seen`, which socketOf returned.
Napi::Value Connect(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_NOTIFY_CONNECT_H_
