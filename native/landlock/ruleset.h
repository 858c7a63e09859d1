// A Landlock ruleset and the domain that a thread enters by it, landlock(7). Needs no Node.
#pragma once

#include <cstdint>

#include "system/descriptor.h"

namespace seccomp {

// Bits of linux/landlock.h: the file access rights that the ruleset handles, those of them that it grants beneath /,
// and the IPC scopes (LANDLOCK_SCOPE_*).
struct Domain {
  uint32_t handled = 0, granted = 0, scoped = 0;
};

// LANDLOCK_SCOPE_SIGNAL, Linux 6.12.
constexpr uint32_t kScopeSignals = 2;

// Domain A: that of a guardian and its tree, which no signal leaves. In a domain that handles access to files, the
// kernel denies moving them between directories unless each layer that it is in grants REFER; and a ruleset that
// handles it denies mounting, as that of paths does.
Domain TreeDomain(bool has_paths);

// Opens a ruleset for this domain, which execve(2) closes; -1 with errno set if that fails.
Descriptor OpenRuleset(const Domain& domain);

// Linux 5.13, landlock_restrict_self(2): moves the calling thread into the domain of the ruleset. Returns 0 or an
// errno. Async-signal-safe. With logged, a kernel that can (Linux 6.15) logs what the domain denies to the program that
// the thread executes, and to those after it, as it does by default before that.
int EnterDomain(int ruleset, bool logged = false);

// Whether an errno with which a call of Landlock failed says what this system can't do: the kernel, its settings, a
// filter or the limit of 16 domains. Any other is a shortage of this moment.
bool IsAnswer(int error);

}  // namespace seccomp
