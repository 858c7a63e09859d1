#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <new>

#include "landlock/ruleset.h"
#include "napi/functions.h"
#include "napi/values.h"
#include "system/linux_abi.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

// Enters the domain on a thread or in a process that ends afterwards, since the kernel's version does not determine
// whether a domain can be entered.
int Enter(int ruleset) {
  prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
  return EnterDomain(ruleset);
}

struct Trial {
  int ruleset;
  int error;

  static void* Run(void* data) {
    auto* trial = static_cast<Trial*>(data);
    trial->error = Enter(trial->ruleset);
    return nullptr;
  }
};

int TryOnThread(const Domain& domain) {
  const Descriptor ruleset = OpenRuleset(domain);
  if (ruleset.get() < 0) return errno;
  Trial trial = {ruleset.get(), 0};
  // The thread inherits the mask, so that Node's threads handle the signals.
  const SignalsBlocked blocked(Signals::kButThoseOfLibc);
  if (blocked.error() != 0) return blocked.error();
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, Trial::Run, &trial);
  if (error != 0) return error;
  pthread_join(thread, nullptr);
  return trial.error;
}

// What landlock_create_ruleset(2) accepts.
struct LandlockSupport {
  int error = 0;  // The errno for which there is no Landlock. The other members are then meaningless.
  uint32_t rights = 0;
  int version = 0;
};

// Asks the kernel for each bit of `mask` by itself, since kernels of vendors may lack rights of their version.
LandlockSupport ProbeLandlock(uint32_t mask) {
  LandlockSupport found;
  found.version = static_cast<int>(syscall(kLandlockCreateRuleset, nullptr, size_t{0}, kLandlockCreateRulesetVersion));
  if (found.version < 0) return {errno, 0, 0};
  for (uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((mask & bit) == 0) continue;
    const Descriptor ruleset = OpenRuleset({bit, 0, 0});
    if (ruleset.get() >= 0) {
      found.rights |= bit;
    } else if (errno != EINVAL) {  // EINVAL: the kernel does not know the right.
      return {errno, 0, 0};
    }
  }
  return found;
}

// Whether a filter may kill what makes the calls of Landlock. Linux 2.6.23, PR_GET_SECCOMP: 0 without a filter.
bool IsFiltered() { return prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0; }

// Calls `probe` in a copy of this process, which ends with its result. Returns the result, from 0 to 255, or an errno:
// EPERM if the copy was killed. Calls clone(2) instead of fork(3), which runs the handlers of pthread_atfork(3).
template <typename Probe>
int InProcess(const Probe& probe) {
  const SignalsBlocked blocked;  // A handler in the copy would write to pipes that it shares with this process.
  if (blocked.error() != 0) return blocked.error();
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L));
  if (pid < 0) return errno;
  if (pid == 0) {
    const int result = probe();
    for (;;) syscall(SYS_exit_group, result);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) == -1) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

int TryInProcess(const Domain& domain) {
  return InProcess([&domain] {
    const Descriptor ruleset = OpenRuleset(domain);
    return ruleset.get() < 0 ? errno : Enter(ruleset.get());
  });
}

LandlockSupport ProbeInProcess(uint32_t mask) {
  void* const memory =
      mmap(nullptr, sizeof(LandlockSupport), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {errno, 0, 0};
  auto* const shared = new (memory) LandlockSupport;
  const int error = InProcess([shared, mask] {
    *shared = ProbeLandlock(mask);
    return shared->error;
  });
  LandlockSupport found = *shared;
  found.error = error;
  munmap(memory, sizeof(LandlockSupport));
  return found;
}

}  // namespace

int ActionAvailable(Napi::Env /*env*/, uint32_t action) {
  return syscall(SYS_seccomp, kGetActionAvail, 0, &action) == 0 ? 0 : errno;
}

bool FilterFlagsKnown(Napi::Env /*env*/, uint32_t flags) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0 && errno == EFAULT;
}

int TryDomain(Napi::Env /*env*/, const Domain& domain) {
  return IsFiltered() ? TryInProcess(domain) : TryOnThread(domain);
}

Napi::Value FindLandlockSupport(Napi::Env env, uint32_t mask) {
  const LandlockSupport found = IsFiltered() ? ProbeInProcess(mask) : ProbeLandlock(mask);
  if (found.error != 0) return Napi::Number::New(env, -found.error);
  return MakeArray(env, std::array{found.rights, static_cast<uint32_t>(found.version)});
}

}  // namespace seccomp
