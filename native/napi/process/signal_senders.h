// Tells a signal of the kernel, such as that of Ctrl-C, from one that a process sent: Node does not show si_code.
#ifndef SECCOMP_NATIVE_NAPI_PROCESS_SIGNAL_SENDERS_H_
#define SECCOMP_NATIVE_NAPI_PROCESS_SIGNAL_SENDERS_H_

#include <napi.h>

namespace seccomp {

// watchSender(number): counts the signals of this number that the kernel sends from now on, and calls the handler that
// the signal has. It must have one: JavaScript listens to it first. When it stops listening, Node removes the handler.
// Returns 0 or an errno.
Napi::Value WatchSender(const Napi::CallbackInfo& info);

// takeFromKernel(number): whether the kernel sent one that is not taken yet, and takes it.
Napi::Value TakeFromKernel(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_PROCESS_SIGNAL_SENDERS_H_
