// A guardian of a child's tree, as this process sees it. guardian/guardian.h is the other side.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "child/child_handle.h"
#include "system/descriptor.h"

namespace seccomp {

// A guardian that has not been reaped. When `control` is closed, the guardian ends the tree.
struct GuardianHandle {
  ChildHandle process;
  PrivateDescriptor control;
};

// Opens the program of guardians, which all guardians of this process execute from now on: later changes of its path
// have no effect. Returns 0 or an errno.
int OpenGuardianProgram(const char* path);

// The descriptor of that program; -1 if it was not opened.
int GuardianProgram();

// Has the guardian send a signal to all of its tree. Returns 0 or an errno.
int SignalTree(const GuardianHandle& guardian, int32_t signal);

// Continues a guardian that a signal has stopped. The tree could have sent it where it is a process group.
void ContinueGuardian(const GuardianHandle& guardian);

// Reaps the zombies that a guardian has reported. Returns whether it may report more: whether it has not ended.
bool ReapReportedZombies(const GuardianHandle& guardian);

// Ends the tree without waiting for that.
void AbandonTree(GuardianHandle guardian);

}  // namespace seccomp
