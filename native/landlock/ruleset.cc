// The launcher contains this file.
#include "landlock/ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/no_stack_protector.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

constexpr uint32_t kRefer = 1U << 13;  // LANDLOCK_ACCESS_FS_REFER

// Adds a rule that grants `domain.granted` on every file.
bool GrantEverywhere(const Domain& domain, int ruleset) {
  const int root = open("/", O_PATH | O_CLOEXEC);
  if (root < 0) return false;
  const LandlockPathBeneath rule = {domain.granted, root};
  const bool granted = syscall(kLandlockAddRule, ruleset, kLandlockRulePathBeneath, &rule, 0) == 0;
  const int error = errno;
  close(root);
  errno = error;
  return granted;
}

}  // namespace

Domain TreeDomain(bool has_paths) {
  const uint32_t handled = has_paths ? kRefer : 0;
  return {handled, handled, kScopeSignals};
}

int OpenRuleset(const Domain& domain) {
  const LandlockRuleset attributes = {domain.handled, 0, domain.scoped};
  // Kernels that know fewer members (before Linux 6.12) require that the others are 0, and fail with E2BIG otherwise.
  const int ruleset = static_cast<int>(syscall(kLandlockCreateRuleset, &attributes, sizeof attributes, 0));
  if (ruleset < 0 || domain.granted == 0 || GrantEverywhere(domain, ruleset)) return ruleset;
  const int error = errno;
  close(ruleset);
  errno = error;
  return -1;
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
