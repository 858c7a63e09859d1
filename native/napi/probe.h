// Asks the kernel what filters answer to calls, none of which is carried out.
#ifndef SECCOMP_NATIVE_PROBE_H_
#define SECCOMP_NATIVE_PROBE_H_

#include <napi.h>

namespace seccomp {

// probe(filters, calls, traced) → an Int32Array of two numbers a call, or { error, call } if the filters were not put
// on.
//
// The calls are made in order by a process under `filters`; when one ends it, another process goes on with the next.
// Nothing keeps a call that the filters allow from being carried out: the first filter must be one that denies all.
Napi::Value Probe(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_PROBE_H_
