// A child of this process: signals for it, its end, and the children that nobody watches any more.
#ifndef SECCOMP_NATIVE_CHILD_CHILD_HANDLE_H_
#define SECCOMP_NATIVE_CHILD_CHILD_HANDLE_H_

#include <signal.h>
#include <sys/types.h>

#include "system/descriptor.h"

namespace seccomp {

// A child that has not been reaped.
struct ChildHandle {
  pid_t pid = 0;
  Descriptor pidfd;
};

// Sends a signal, and returns 0 or an errno. Linux 5.1, pidfd_send_signal(2): it cannot reach another process that has
// the same number by now.
int SendSignal(const Descriptor& pidfd, int signal);

// Waits for the child's end and reaps it. Linux 5.4, waitid(2) with P_PIDFD. Returns false if `options` has WNOHANG and
// the child still runs. Of `status`, si_pid, si_code and si_status are set as by waitid(2); all are 0 if another part
// of this process has reaped the child.
bool Reap(const ChildHandle& child, int options, siginfo_t* status);

// Kills the child and reaps it. A child that may not be killed, as it has changed its user, is abandoned.
void KillAndReap(ChildHandle* child, siginfo_t* status);

// Takes over a child that nobody watches any more, as the thread of JavaScript that started it has ended. The child is
// reaped when this process starts or abandons another one after its end.
void Abandon(ChildHandle child);

// Reaps the abandoned children that have ended.
void ReapAbandoned();

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CHILD_CHILD_HANDLE_H_
