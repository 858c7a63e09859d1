// The privileges that a child gives up. The functions are async-signal-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace seccomp {

// execve(2) never gives a process a capability that is not in its bounding set. Changing the set requires CAP_SETPCAP;
// without it, no_new_privs has the same effect. Drops all but those whose bits are set in `kept`, or returns false with
// errno set.
bool DropBoundingSet(uint64_t kept);

// Removes all but those capabilities from the other four sets. The kernel removes a capability that is no longer
// permitted or inheritable from the ambient set by itself (capabilities(7)). Returns the name of the call that failed,
// with errno set, or null.
const char* DropCapabilities(uint64_t kept);

// Changes the user ID and the group ID, if they are given, and then gives up the supplementary groups. Returns as
// above.
const char* ChangeIdentity(std::optional<uid_t> user, std::optional<gid_t> group);

// The kernel may pipe a core dump to a program that runs as root (core(5)). Only the soft limit is lowered, so that the
// program can enable dumps for itself. Returns false with errno set.
bool DisableCoreDumps();

}  // namespace seccomp
