// Landlock domains, landlock(7): what a child is kept from reaching outside of itself.
#ifndef SECCOMP_NATIVE_LANDLOCK_H_
#define SECCOMP_NATIVE_LANDLOCK_H_

#include <napi.h>

#include <cstdint>

#include "napi/read_request.h"

namespace seccomp {

// Makes the ruleset of the domain that the request asks for, and has the plan enter it. If there can be none, the plan
// says why, and fails if it must have one.
Descriptor PrepareDomain(const Request& request, ChildPlan* plan);

// Says what it takes and gives in lib/native.ts.
Napi::Value TryDomain(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LANDLOCK_H_
