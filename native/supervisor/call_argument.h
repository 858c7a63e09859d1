// The arguments of a notified call.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>

namespace seccomp {

constexpr size_t kArguments = 6;

// __AUDIT_ARCH_64BIT of linux/audit.h. If a 64-bit program makes a 32-bit call, the upper halves of the arguments come
// from its registers, and the kernel ignores them.
constexpr uint32_t kAudit64Bit = 0x80000000;

inline uint64_t ArgumentOf(const seccomp_data& call, size_t index) {
  return (call.arch & kAudit64Bit) != 0 ? call.args[index] : static_cast<uint32_t>(call.args[index]);
}

}  // namespace seccomp
