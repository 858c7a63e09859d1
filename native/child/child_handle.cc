#include "child/child_handle.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "system/linux_abi.h"

namespace seccomp {
namespace {

// Reaps by process ID, where a filter on this process denies waitid(2), or where the pidfd is non-blocking. The kernel
// does not reuse the ID before the child is reaped.
bool ReapById(const ChildHandle& child, int options, siginfo_t* status, rusage* usage) {
  *status = {};
  if (child.pid <= 0 || SendSignal(child.pidfd, 0) == ESRCH) return true;
  int wait_status = 0;
  pid_t pid = 0;
  do {
    pid = wait4(child.pid, &wait_status, options & WNOHANG, usage);
  } while (pid == -1 && errno == EINTR);
  if (pid <= 0) return pid < 0;
  const bool has_exited = WIFEXITED(wait_status);
  status->si_pid = pid;
  status->si_code = has_exited ? CLD_EXITED : CLD_KILLED;
  status->si_status = has_exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);
  return true;
}

// Kills the child's process group when the child has ended.
void EndGroup(const ChildHandle& child, int options) {
  pollfd polled = {child.pidfd.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&polled, 1, (options & WNOHANG) != 0 ? 0 : -1);
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) SignalGroup(child, SIGKILL);
}

// The abandoned children of all threads.
class Abandoned {
 public:
  // Never destroyed: threads may go on while the process ends.
  static Abandoned& Get() {
    static Abandoned* abandoned = new Abandoned();
    return *abandoned;
  }

  void Add(ChildHandle child) {
    const std::lock_guard<std::mutex> lock(mutex_);
    children_.push_back(std::move(child));
  }

  void ReapEnded() {
    const std::lock_guard<std::mutex> lock(mutex_);
    siginfo_t status;
    const auto has_ended = [&status](const ChildHandle& child) { return Reap(child, WNOHANG, &status); };
    children_.erase(std::remove_if(children_.begin(), children_.end(), has_ended), children_.end());
  }

 private:
  std::mutex mutex_;
  std::vector<ChildHandle> children_;
};

}  // namespace

int SendSignal(const Descriptor& pidfd, int signal) {
  return syscall(kPidfdSendSignal, pidfd.get(), signal, nullptr, 0) == 0 ? 0 : errno;
}

// The child is in the group until it is reaped, which only the thread that has its handle does. So the ID is no other
// group's: the kernel gives no ID away that a process still uses, and a zombie does.
int SignalGroup(const ChildHandle& child, int signal) {
  if (child.group <= 0 || SendSignal(child.pidfd, 0) == ESRCH) return ESRCH;
  return kill(-child.group, signal) == 0 ? 0 : errno;
}

bool Reap(const ChildHandle& child, int options, siginfo_t* status, rusage* usage) {
  if (child.group > 0) EndGroup(child, options);
  long result = 0;
  do {
    *status = {};
    // The C library's waitid has no parameter for the usage.
    result = syscall(SYS_waitid, kWaitPidfd, child.pidfd.get(), status, WEXITED | options, usage);
  } while (result == -1 && errno == EINTR);
  if (result == 0) return status->si_pid != 0;
  if (errno == EAGAIN && (options & WNOHANG) != 0) return false;
  return ReapById(child, options, status, usage);
}

void KillAndReap(ChildHandle* child, siginfo_t* status, rusage* usage) {
  *status = {};
  const int error = SendSignal(child->pidfd, SIGKILL);
  if (error == 0 || error == ESRCH) {
    Reap(*child, 0, status, usage);
  } else {
    Abandon(std::move(*child));
  }
}

void Abandon(ChildHandle child) {
  ReapAbandoned();
  Abandoned::Get().Add(std::move(child));
}

void ReapAbandoned() { Abandoned::Get().ReapEnded(); }

}  // namespace seccomp
