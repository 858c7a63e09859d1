// Waiting calls of a listener, and its counts, for JavaScript.
#ifndef SECCOMP_NATIVE_NAPI_NOTIFY_CALLS_H_
#define SECCOMP_NATIVE_NAPI_NOTIFY_CALLS_H_

#include <napi.h>

#include <memory>

#include "supervisor/listener.h"

namespace seccomp {

// Reads the first two arguments of a function, (listener, call). Throws a TypeError with `usage` and returns nullptr if
// they are not a listener's handle and a bigint.
std::shared_ptr<Listener> ReadCall(const Napi::CallbackInfo& info, const char* usage, uint64_t* call);

// lib/native.ts describes the parameters and the result of each.
Napi::Value KindAt(const Napi::CallbackInfo& info);
Napi::Value Counts(const Napi::CallbackInfo& info);
Napi::Value AnswerCall(const Napi::CallbackInfo& info);
Napi::Value AddDescriptor(const Napi::CallbackInfo& info);
Napi::Value ReadCallMemory(const Napi::CallbackInfo& info);
Napi::Value WriteCallMemory(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_NOTIFY_CALLS_H_
