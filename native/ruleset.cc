// A Landlock ruleset, landlock(7): without Node, for the launcher too.
#include "ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux_abi.h"

namespace seccomp {
namespace {

// Closes and keeps errno.
int Give(int result, int descriptor) {
  const int error = errno;
  close(descriptor);
  errno = error;
  return result;
}

int GrantEverywhere(int ruleset, uint32_t granted) {
  const int root = open("/", O_PATH | O_CLOEXEC);
  if (root < 0) return -1;
  const LandlockPathBeneath rule = {granted, root};
  return Give(static_cast<int>(syscall(kLandlockAddRule, ruleset, kLandlockRulePathBeneath, &rule, 0)), root);
}

}  // namespace

int OpenRuleset(const Domain& domain) {
  const LandlockRuleset attributes = {domain.handled, 0, domain.scoped};
  // A kernel that does not know of scopes takes a shorter structure.
  const size_t size = domain.scoped != 0 ? sizeof attributes : sizeof attributes.handled_files;
  const int ruleset = static_cast<int>(syscall(kLandlockCreateRuleset, &attributes, size, 0));
  if (ruleset < 0 || domain.granted == 0 || GrantEverywhere(ruleset, domain.granted) == 0) return ruleset;
  return Give(-1, ruleset);
}

int EnterDomain(int ruleset) { return syscall(kLandlockRestrictSelf, ruleset, 0) == 0 ? 0 : errno; }

}  // namespace seccomp
