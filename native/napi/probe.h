// Makes calls under filters to learn what the filters return for them.
#ifndef SECCOMP_NATIVE_NAPI_PROBE_H_
#define SECCOMP_NATIVE_NAPI_PROBE_H_

#include <napi.h>

namespace seccomp {

// probe(filters, calls, traced) → an Int32Array with two numbers for each call, an outcome and its value; or
// { error, call } if a step failed.
//
// A process under `filters` makes the calls in order. If a call ends the process, another process continues with the
// next call. A call that all filters allow is carried out, so the first filter must deny all calls.
Napi::Value Probe(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_PROBE_H_
