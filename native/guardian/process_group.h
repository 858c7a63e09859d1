// The process group of a tree with a guardian, where the kernel has no Landlock domain that scopes signals.
//
// A group's ID names other processes as soon as nobody is in the group any more. So the guardian has a child in it, the
// holder, which has ended and which the guardian does not wait for before it has sent its last signal. This process
// signals the group as long as it has not reaped the tree's first process, which is in the group too.
//
// The group is in a session of its own, so that no other process can enter it: setpgid(2) works within a session only.
// Only setsid(2) and setpgid(2) leave a group, and the filter of the tree denies these.
#pragma once

#include <sys/types.h>

namespace seccomp {

// Starts a session, and a process group in it whose only member is the holder, a child of the calling process. Returns
// the ID of both or a negative errno. Leaves the errno of libc.
long HoldProcessGroup();

// Kills the processes of the group, and reaps the holder: the ID is not to be used any more.
void EndProcessGroup(pid_t group);

}  // namespace seccomp
