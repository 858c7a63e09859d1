// Rulesets of paths, for JavaScript.
#ifndef SECCOMP_NATIVE_NAPI_LANDLOCK_RULESETS_H_
#define SECCOMP_NATIVE_NAPI_LANDLOCK_RULESETS_H_

#include <napi.h>

namespace seccomp {

// The functions of the same names in lib/native.ts.
Napi::Value OpenPathRuleset(const Napi::CallbackInfo& info);
Napi::Value IsCurrent(const Napi::CallbackInfo& info);
Napi::Value RestrictThisProcess(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_LANDLOCK_RULESETS_H_
