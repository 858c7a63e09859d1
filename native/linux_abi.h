// Kernel constants that are newer than the headers this may be built with. Values: include/uapi/ of Linux 6.12.
#ifndef SECCOMP_NATIVE_LINUX_ABI_H_
#define SECCOMP_NATIVE_LINUX_ABI_H_

#include <cstddef>

namespace seccomp {

static_assert(sizeof(long) == 8, "the exec gate needs 64-bit registers");

constexpr long kPidfdSendSignal = 424;         // pidfd_send_signal(2), Linux 5.1
constexpr long kPidfdOpen = 434;               // pidfd_open(2), Linux 5.3
constexpr long kCloseRange = 436;              // close_range(2), Linux 5.9
constexpr long kPidfdGetfd = 438;              // pidfd_getfd(2), Linux 5.6
constexpr unsigned kCloseRangeCloexec = 4;     // CLOSE_RANGE_CLOEXEC, Linux 5.11
constexpr unsigned long kClonePidfd = 0x1000;  // CLONE_PIDFD, Linux 5.2
// Signals and bytes of the kernel's sigset_t (include/uapi/asm-generic/signal.h; MIPS has its own).
#ifdef __mips__
constexpr int kLastSignal = 128;
#else
constexpr int kLastSignal = 64;
#endif
constexpr size_t kSigsetSize = kLastSignal / 8;

// The kernel's struct sigaction is at most this big on every architecture. All zero: SIG_DFL, no flags, empty mask.
struct KernelSigaction {
  unsigned long words[8];
};

constexpr int kWaitPidfd = 3;  // P_PIDFD, Linux 5.4

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LINUX_ABI_H_
