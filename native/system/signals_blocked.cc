#include "system/signals_blocked.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux_abi.h"

namespace seccomp {
namespace {

constexpr int kFirstRealTime =
    32;  // The kernel's. libc's SIGRTMIN comes after those that it reserves. Source: signal(7).

}  // namespace

SignalsBlocked::SignalsBlocked() {
  static const unsigned long all[2] = {~0UL, ~0UL};
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, saved_, kSigsetSize) != 0) error_ = errno;
}

SignalsBlocked::~SignalsBlocked() {
  if (error_ == 0) syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved_, nullptr, kSigsetSize);
}

void ReceiveSignalsOfLibc() {
  constexpr int kBits = 8 * sizeof(unsigned long);
  unsigned long reserved[2] = {};
  for (int number = kFirstRealTime; number < SIGRTMIN; number++) {
    reserved[(number - 1) / kBits] |= 1UL << ((number - 1) % kBits);
  }
  syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, reserved, nullptr, kSigsetSize);
}

}  // namespace seccomp
