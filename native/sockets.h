// What is asked of sockets that belong to JavaScript.
#ifndef SECCOMP_NATIVE_SOCKETS_H_
#define SECCOMP_NATIVE_SOCKETS_H_

#include <napi.h>

namespace seccomp {

// endReading(fd) → 0 or an errno. Nothing more can be written at the other end; what was written before can still be
// read, and then the end. shutdown(2), SHUT_RD.
Napi::Value EndReading(const Napi::CallbackInfo& info);

// isListening(fd) → whether listen(2) was called on this socket. False if it is no socket. socket(7), SO_ACCEPTCONN.
Napi::Value IsListening(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SOCKETS_H_
