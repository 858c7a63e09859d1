#include "landlock/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux_abi.h"

namespace seccomp {
namespace {

constexpr uint32_t kRefer = 1U << 13;  // LANDLOCK_ACCESS_FS_REFER

// Adds a rule that grants `domain.granted` on every file.
bool GrantEverywhere(const Domain& domain, int ruleset) {
  const Descriptor root(open("/", O_PATH | O_CLOEXEC));
  const LandlockPathBeneath rule = {domain.granted, root.get()};
  return root.get() >= 0 && syscall(kLandlockAddRule, ruleset, kLandlockRulePathBeneath, &rule, 0) == 0;
}

}  // namespace

Domain TreeDomain(bool has_paths) {
  const uint32_t handled = has_paths ? kRefer : 0;
  return {handled, handled, kScopeSignals};
}

Descriptor OpenRuleset(const Domain& domain) {
  const LandlockRuleset attributes = {domain.handled, 0, domain.scoped};
  // Kernels that know fewer members (before Linux 6.12) require that the others are 0, and fail with E2BIG otherwise.
  Descriptor ruleset(static_cast<int>(syscall(kLandlockCreateRuleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() >= 0 && domain.granted != 0 && !GrantEverywhere(domain, ruleset.get())) return Descriptor();
  return ruleset;
}

int EnterDomain(int ruleset, bool logged) {
  // An older kernel refuses the flag, and the thread is in no domain then.
  if (logged && syscall(kLandlockRestrictSelf, ruleset, kLandlockLogNewExecOn) == 0) return 0;
  return syscall(kLandlockRestrictSelf, ruleset, 0) == 0 ? 0 : errno;
}

bool IsAnswer(int error) {
  return error == ENOSYS || error == EOPNOTSUPP || error == EPERM || error == EINVAL || error == E2BIG;
}

}  // namespace seccomp
