// The credentials of the calling thread that decide which files it can change.
#pragma once

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>

namespace seccomp {

// The real, effective and saved user IDs, SECBIT_*, and the lower and upper halves of the permitted and of the
// effective capabilities.
using Credentials = std::array<uint32_t, 8>;

// Sets the credentials. Returns 0, or -1 with errno set, and zeros: a filter may deny the calls.
inline int ReadCredentials(Credentials* credentials) {
  *credentials = {};
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  const int secure_bits = prctl(PR_GET_SECUREBITS, 0L, 0L, 0L, 0L);
  if (secure_bits < 0 || getresuid(&real, &effective, &saved) != 0 || syscall(SYS_capget, &header, sets) != 0) {
    return -1;
  }
  *credentials = {real,
                  effective,
                  saved,
                  static_cast<uint32_t>(secure_bits),
                  sets[0].permitted,
                  sets[1].permitted,
                  sets[0].effective,
                  sets[1].effective};
  return 0;
}

inline std::optional<uint64_t> EffectiveCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return std::nullopt;
  return uint64_t{sets[1].effective} << 32 | sets[0].effective;
}

inline bool SetEffectiveCapabilities(uint64_t capabilities) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  sets[0].effective = static_cast<uint32_t>(capabilities);
  sets[1].effective = static_cast<uint32_t>(capabilities >> 32);
  return syscall(SYS_capset, &header, sets) == 0;
}

}  // namespace seccomp
