// Makes a child: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) → RunChild → execve.
#ifndef SECCOMP_NATIVE_LAUNCH_H_
#define SECCOMP_NATIVE_LAUNCH_H_

#include <signal.h>
#include <sys/types.h>

#include <vector>

#include "napi/read_request.h"

namespace seccomp {

// A child of this process, until it is reaped.
struct ChildHandle {
  pid_t pid = 0;
  Descriptor pidfd;
};

// A child that has become its program.
struct Launched {
  ChildHandle child;
  // Our end of each socket among its descriptors; -1 where there is none. They block.
  std::vector<Descriptor> sockets;
  // Why it is in no domain of its own though one was asked for: an errno; 0: it is, or none was.
  int isolation_error = 0;
  // The listener of its filter, if the request asked for one that is not an agent's.
  Descriptor listener;
};

// A child or a thread that changes its IDs clears the dumpable flag of the memory that it shares with us
// (commit_creds() in kernel/cred.c). The flag is put back when the last of these is gone.
class DumpableKept {
 public:
  DumpableKept();
  ~DumpableKept();
  DumpableKept(const DumpableKept&) = delete;
  DumpableKept& operator=(const DumpableKept&) = delete;
};

// Starts what `request` asks for, on this thread's memory. If anything fails, the child is gone already.
Failure Launch(Request* request, Launched* launched);

// Sends a signal; gives 0 or an errno. Linux 5.1, pidfd_send_signal(2): can't hit another process with the same number.
int SendSignal(const Descriptor& pidfd, int signal);

// Waits for the child's end and reaps it, and no other. Linux 5.4, waitid(2) with P_PIDFD.
// False: with WNOHANG it still runs. Of `status` si_pid, si_code and si_status are as waitid fills them; all are zero
// if somebody else in this process reaped it.
bool Reap(const ChildHandle& child, int options, siginfo_t* status);

// Kills the child and reaps it. One that may not be killed, as it has become another user, is abandoned.
void End(ChildHandle* child, siginfo_t* status);

// Takes over a child that nobody watches any more, as its thread of JavaScript has ended before it. It is reaped when
// this process next starts or abandons one after its end; at the latest, as all are, when this process ends.
void Abandon(ChildHandle child);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_LAUNCH_H_
