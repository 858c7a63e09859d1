// The clock that a guardian reads, without libc.
#pragma once

#include <linux/time_types.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstdint>

#include "system/raw_call.h"

namespace seccomp {

// Of CLOCK_MONOTONIC, which never falls.
inline int64_t Nanoseconds() {
  __kernel_timespec now = {};
  RawCall(SYS_clock_gettime, CLOCK_MONOTONIC, Pointer(&now));
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + static_cast<int64_t>(now.tv_nsec);
}

}  // namespace seccomp
