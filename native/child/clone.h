// Starts a program: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) → RunChild → execve.
#pragma once

#include <vector>

#include "child/child_handle.h"
#include "child/guardian_handle.h"
#include "child/request.h"

namespace seccomp {

// A child whose execve(2) has succeeded.
struct StartedChild {
  ChildHandle child;
  GuardianHandle guardian;  // Of a request with `guarded`.
  // This process's end of each socket among the child's descriptors, in blocking mode; -1 for all others.
  std::vector<Descriptor> sockets;
  // The errno because of which the child is not in the Landlock domain that the request names; otherwise 0.
  int domain_error = 0;
  // The listener of the child's filter, if the request asks for one and names no agent.
  Descriptor listener;
};

// Starts the program of `request`, in the memory of the calling thread. If a step fails, the child and its guardian
// have ended already.
Failure StartChild(Request* request, StartedChild* started);

// Kills and reaps a started child, and ends its tree. Waits for both.
void EndStarted(StartedChild* started);

}  // namespace seccomp
