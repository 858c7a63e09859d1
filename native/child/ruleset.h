// A Landlock ruleset, landlock(7): without Node, for the launcher too.
#ifndef SECCOMP_NATIVE_RULESET_H_
#define SECCOMP_NATIVE_RULESET_H_

#include <cstdint>

namespace seccomp {

// A Landlock domain: what it handles of files, what of that is granted everywhere, and what it scopes. Bits of
// linux/landlock.h.
struct Domain {
  uint32_t handled = 0, granted = 0, scoped = 0;
};

// A descriptor of a ruleset of this domain, which is closed by execve, or -1: errno says why.
int OpenRuleset(const Domain& domain);

// Linux 5.13, landlock_restrict_self(2): has this thread enter it. 0 or an errno. Async-signal-safe.
int EnterDomain(int ruleset);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_RULESET_H_
