#include "system/signals_blocked.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux_abi.h"

namespace seccomp {

SignalsBlocked::SignalsBlocked() {
  static const unsigned long all[2] = {~0UL, ~0UL};
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, saved_, kSigsetSize) != 0) error_ = errno;
}

SignalsBlocked::~SignalsBlocked() {
  if (error_ == 0) syscall(SYS_rt_sigprocmask, SIG_SETMASK, saved_, nullptr, kSigsetSize);
}

}  // namespace seccomp
