// Handles: opaque objects of the addon that JavaScript holds and passes back.
#ifndef SECCOMP_NATIVE_NAPI_NOTIFY_HANDLES_H_
#define SECCOMP_NATIVE_NAPI_NOTIFY_HANDLES_H_

#include <napi.h>

#include <memory>

#include "landlock/path_ruleset.h"
#include "napi/notify/mailbox_reader.h"
#include "supervisor/listener.h"

namespace seccomp {

// Returns a handle, or an empty value while a worker is being terminated. The object lives at least as long as
// JavaScript holds the handle.
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<const Supervision> supervision);
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<MailboxReader> reader);
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<Listener> listener);
Napi::Value MakeHandle(Napi::Env env, std::shared_ptr<const PathRuleset> ruleset);

// Each returns false, without throwing, if the value is not a handle of an object of that type.
bool ReadValue(const Napi::Value& value, std::shared_ptr<const Supervision>* supervision);
bool ReadValue(const Napi::Value& value, std::shared_ptr<MailboxReader>* reader);
bool ReadValue(const Napi::Value& value, std::shared_ptr<Listener>* listener);
bool ReadValue(const Napi::Value& value, std::shared_ptr<const PathRuleset>* ruleset);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_NOTIFY_HANDLES_H_
