// Sends signals to a child of this process and reaps it. Also keeps the children that no thread watches any more.
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "system/descriptor.h"

namespace seccomp {

// A child that has not been reaped.
struct ChildHandle {
  pid_t pid = 0;
  Descriptor pidfd;
  pid_t group = 0;  // Of a child whose tree is a process group, see guardian/process_group.h. It ends with the child.
};

// Sends a signal, and returns 0 or an errno. Linux 5.1, pidfd_send_signal(2): unlike kill(2), it cannot reach another
// process that has reused the child's process ID.
int SendSignal(const Descriptor& pidfd, int signal);

// Sends a signal to the process group of the child's tree, and returns 0 or an errno: ESRCH if the child was reaped.
int SignalGroup(const ChildHandle& child, int signal);

// Waits for the child's end, kills its process group if it has one, and reaps the child. Linux 5.4, waitid(2) with
// P_PIDFD. Returns false if `options` has WNOHANG and the child still runs. Of `status`, si_pid, si_code and si_status
// are set as by waitid(2); all are 0 if another part of this process has reaped the child. `usage` gets what the child
// and the descendants that it waited for have used; the kernel counts the memory of this process as its first.
bool Reap(const ChildHandle& child, int options, siginfo_t* status, rusage* usage = nullptr);

// Kills the child and reaps it. Abandons a child that this process may not signal, because the child has changed its
// user.
void KillAndReap(ChildHandle* child, siginfo_t* status, rusage* usage = nullptr);

// Takes over a child whose starting JavaScript thread has ended, so that nothing watches it any more. After the child
// has ended, the next start or the next call of Abandon reaps it.
void Abandon(ChildHandle child);

// Reaps the abandoned children that have ended.
void ReapAbandoned();

}  // namespace seccomp
