// Puts filters on this process, and asks the kernel what it can do with them: seccomp(2).
#ifndef SECCOMP_NATIVE_FILTER_H_
#define SECCOMP_NATIVE_FILTER_H_

#include <napi.h>

namespace seccomp {

// install(filters) → undefined, or { error, call, filtersOn, thread? } if one of them could not be put on. `thread` is
// the one that holds other filters than this, so that with SECCOMP_FILTER_FLAG_TSYNC none was given any.
Napi::Value Install(const Napi::CallbackInfo& info);

// actionAvailable(action) → 0, or the errno: EOPNOTSUPP if this kernel lacks it. Linux 4.14, SECCOMP_GET_ACTION_AVAIL.
Napi::Value ActionAvailable(const Napi::CallbackInfo& info);

// filterFlagsKnown(flags) → whether SECCOMP_SET_MODE_FILTER takes these flags. Nothing is put on: the program is null,
// and a kernel that knows the flags answers EFAULT.
Napi::Value FilterFlagsKnown(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_FILTER_H_
