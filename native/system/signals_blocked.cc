#include "system/signals_blocked.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "system/linux_abi.h"

namespace seccomp {
namespace {

using Mask = std::array<unsigned long, 2>;

// The signals of libc are those from the kernel's first real-time signal to libc's own. Source: signal(7).
Mask OfLibc() {
  constexpr int kFirstRealTime = 32;
  constexpr int kBits = 8 * sizeof(unsigned long);
  Mask mask = {};
  for (int number = kFirstRealTime; number < SIGRTMIN; number++) {
    mask[(number - 1) / kBits] |= 1UL << ((number - 1) % kBits);
  }
  return mask;
}

}  // namespace

SignalsBlocked::SignalsBlocked(Signals signals) {
  Mask mask = {~0UL, ~0UL};
  if (signals == Signals::kButThoseOfLibc) {
    const Mask of_libc = OfLibc();
    for (size_t i = 0; i < mask.size(); i++) mask[i] &= ~of_libc[i];
  }
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask.data(), saved_, kSigsetSize) != 0) error_ = errno;
}

SignalsBlocked::~SignalsBlocked() {
  if (error_ == 0) syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved_, nullptr, kSigsetSize);
}

bool SignalsBlocked::IsLibcWaiting() {
  Mask pending = {};
  if (syscall(SYS_rt_sigpending, pending.data(), kSigsetSize) != 0) return false;
  const Mask of_libc = OfLibc();
  return ((pending[0] & of_libc[0]) | (pending[1] & of_libc[1])) != 0;
}

}  // namespace seccomp
