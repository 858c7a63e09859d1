// What JavaScript does with listeners: says how calls are answered, hears of them, answers them itself.
#ifndef SECCOMP_NATIVE_SUPERVISE_H_
#define SECCOMP_NATIVE_SUPERVISE_H_

#include <napi.h>

#include <memory>

#include "child/clone.h"
#include "supervisor/listener.h"

namespace seccomp {

// What MakeSupervision gave; throws a TypeError and gives false for anything else.
bool ReadSupervision(Napi::Env env, const Napi::Value& value, std::shared_ptr<const Supervision>* supervision);

// What OpenInbox gave; throws a TypeError and gives false for anything else.
bool ReadInbox(Napi::Env env, const Napi::Value& value, std::shared_ptr<Inbox>* inbox);

// Hands the child's listener to the supervisor's thread, if the request says so, and puts `listener`, { id, handle },
// into `result`.
Failure Supervise(Napi::Env env, const Request& request, Launched* launched, Napi::Object result);

// Serves a listener that came otherwise: gives { id, handle }, or undefined and the failure.
Napi::Value Serve(Napi::Env env, Descriptor descriptor, std::shared_ptr<const Supervision> supervision,
                  std::shared_ptr<Inbox> inbox, Failure* failure);

// Reads (listener, call, …) of a call that waits; throws a TypeError and gives nullptr for anything else.
std::shared_ptr<Listener> ReadCall(const Napi::CallbackInfo& info, uint64_t* call);

// For each of these lib/native.ts says what it takes and gives.
Napi::Value MakeSupervision(const Napi::CallbackInfo& info);
Napi::Value OpenInbox(const Napi::CallbackInfo& info);
Napi::Value CloseInbox(const Napi::CallbackInfo& info);
Napi::Value KindAt(const Napi::CallbackInfo& info);
Napi::Value Counts(const Napi::CallbackInfo& info);
Napi::Value AnswerCall(const Napi::CallbackInfo& info);
Napi::Value AddDescriptor(const Napi::CallbackInfo& info);
Napi::Value ReadCallMemory(const Napi::CallbackInfo& info);
Napi::Value WriteCallMemory(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISE_H_
