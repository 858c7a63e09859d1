// Probes the kernel's features. Does not attach a filter, and restricts only threads and processes that it starts.
#ifndef SECCOMP_NATIVE_NAPI_FEATURES_H_
#define SECCOMP_NATIVE_NAPI_FEATURES_H_

#include <napi.h>

namespace seccomp {

// actionAvailable(action) → 0, or an errno: EOPNOTSUPP if the kernel lacks this SECCOMP_RET_* action. Linux 4.14,
// SECCOMP_GET_ACTION_AVAIL.
Napi::Value ActionAvailable(const Napi::CallbackInfo& info);

// filterFlagsKnown(flags) → whether SECCOMP_SET_MODE_FILTER accepts these flags. The program is a null pointer, for
// which a kernel that knows the flags fails with EFAULT.
Napi::Value FilterFlagsKnown(const Napi::CallbackInfo& info);

// tryDomain(domain) → 0 if a thread can enter such a Landlock domain, otherwise an errno.
Napi::Value TryDomain(const Napi::CallbackInfo& info);

// landlockSupport(mask) → [rights, version]: the file access rights of the mask that Landlock can handle, and the
// version that the kernel reports; or −errno.
Napi::Value FindLandlockSupport(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_NAPI_FEATURES_H_
