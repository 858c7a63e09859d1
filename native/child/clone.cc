// Makes a child: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD) → RunChild → execve.
#include "child/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "system/linux_abi.h"
#include "napi/features.h"
#include "napi/notify/local_socket.h"

namespace seccomp {
namespace {

// The descriptors of a child that does not run yet, on both sides.
struct Stdio {
  std::vector<int> child;             // What ChildPlan::descriptors takes.
  std::vector<Descriptor> parent;     // Our end of each socket; -1 where there is none.
  std::vector<Descriptor> temporary;  // Ours only until the child has its copies.
};

bool Open(const std::vector<int>& wanted, Stdio* stdio, Failure* failure) {
  for (size_t i = 0; i < wanted.size(); i++) {
    stdio->parent.emplace_back();
    stdio->child.push_back(wanted[i]);
    if (wanted[i] == Request::kNull) {
      stdio->temporary.emplace_back(open("/dev/null", O_CLOEXEC | (i == 0 ? O_RDONLY : O_RDWR)));
      if (stdio->temporary.back().get() < 0) return *failure = {errno, "open"}, false;
      stdio->child.back() = stdio->temporary.back().get();
    } else if (wanted[i] == Request::kSocket) {
      int pair[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return *failure = {errno, "socketpair"}, false;
      stdio->parent.back() = Descriptor(pair[0]);
      stdio->temporary.emplace_back(pair[1]);
      stdio->child.back() = pair[1];
    }
  }
  return true;
}

// What a child sends its listener through: the first end is ours, the second the child's. With an agent there is no
// first.
struct Handover {
  Descriptor ours, childs;

  bool Open(const std::string& agent, Failure* failure) {
    if (!agent.empty()) {
      *failure = ConnectTo(agent, &childs);
      return failure->error == 0;
    }
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      return *failure = {errno, "socketpair"}, false;
    ours = Descriptor(pair[0]);
    childs = Descriptor(pair[1]);
    return true;
  }

  // Takes the listener of a child that has become its program: it was sent before that.
  Descriptor Take() const {
    char byte = 0;
    int listener = -1;
    iovec data = {&byte, sizeof byte};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)] = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(ours.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1) return Descriptor();
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return errno = EMFILE, Descriptor();
    memcpy(&listener, CMSG_DATA(header), sizeof listener);
    return Descriptor(listener);
  }
};

// Runs the plan in a new process. clone(2) with CLONE_VFORK returns when the child has become its program or has died;
// it has ended already if the plan holds a failure.
ChildHandle Clone(ChildPlan* plan, ChildMemory* memory) {
  const SignalsBlocked blocked;
  if (blocked.error() != 0) return plan->failure = {blocked.error(), "rt_sigprocmask"}, ChildHandle();
  int pidfd = -1;
  const int flags = CLONE_VM | CLONE_VFORK | static_cast<int>(kClonePidfd) | SIGCHLD;
  const pid_t pid = clone(RunChild, memory->stack_top(), flags, plan, &pidfd, nullptr, nullptr);
  if (pid < 0) return plan->failure = {errno, "clone"}, ChildHandle();
  return {pid, Descriptor(pidfd)};
}

// For what a filter on this process denies, and for a pidfd that does not block. The number is the child's own until it
// is reaped.
bool ReapByNumber(const ChildHandle& child, int options, siginfo_t* status) {
  *status = {};
  if (SendSignal(child.pidfd, 0) == ESRCH) return true;
  int ended = 0;
  pid_t pid = 0;
  do {
    pid = waitpid(child.pid, &ended, options & WNOHANG);
  } while (pid == -1 && errno == EINTR);
  if (pid <= 0) return pid < 0;
  const bool exited = WIFEXITED(ended);
  status->si_pid = pid;
  status->si_code = exited ? CLD_EXITED : CLD_KILLED;
  status->si_status = exited ? WEXITSTATUS(ended) : WTERMSIG(ended);
  return true;
}

// The children that Abandon was given, of all threads.
class Abandoned {
 public:
  static Abandoned& All() {
    static Abandoned* all = new Abandoned();  // Never destroyed: threads may go on while the process ends.
    return *all;
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

namespace {

// Of all threads: how many DumpableKept there are, and the flag from before the first.
std::mutex dumpable_mutex;
int dumpable_kept = 0;
int dumpable_flag = 0;

}  // namespace

DumpableKept::DumpableKept() {
  const std::lock_guard<std::mutex> lock(dumpable_mutex);
  if (dumpable_kept++ == 0) dumpable_flag = prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L);
}

DumpableKept::~DumpableKept() {
  const std::lock_guard<std::mutex> lock(dumpable_mutex);
  if (--dumpable_kept > 0) return;
  // prctl(2) takes 0 and 1 only; 2 (fs.suid_dumpable) can't have been lowered to anything looser.
  if (dumpable_flag == 0 || dumpable_flag == 1) prctl(PR_SET_DUMPABLE, static_cast<long>(dumpable_flag), 0L, 0L, 0L);
}

Failure Launch(Request* request, Launched* launched) {
  Abandoned::All().ReapEnded();
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return {errno, "mmap"};
  ChildPlan plan = request->Plan(memory);
  Stdio stdio;
  if (!Open(request->stdio(), &stdio, &plan.failure)) return plan.failure;
  plan.descriptors = stdio.child.data();
  plan.descriptor_count = static_cast<int>(stdio.child.size());
  plan.exit_call = SYS_exit_group;
  const Descriptor ruleset = PrepareDomain(*request, &plan);
  if (plan.failure.error != 0) return plan.failure;
  Handover handover;
  if (request->wants_listener()) {
    if (!handover.Open(request->agent(), &plan.failure)) return plan.failure;
    plan.handover = handover.childs.get();
  }
  if (request->changes_identity()) {
    const DumpableKept dumpable;
    launched->child = Clone(&plan, memory);
  } else {
    launched->child = Clone(&plan, memory);
  }
  request->Wipe(memory);
  launched->isolation_error = plan.isolation_error;
  launched->sockets = std::move(stdio.parent);
  if (plan.failure.error == 0 && handover.ours.get() >= 0) {
    launched->listener = handover.Take();
    if (launched->listener.get() < 0) plan.failure = {errno, "recvmsg"};
  }
  siginfo_t status;
  if (plan.failure.error != 0 && launched->child.pid > 0) End(&launched->child, &status);
  return plan.failure;
}

int SendSignal(const Descriptor& pidfd, int signal) {
  return syscall(kPidfdSendSignal, pidfd.get(), signal, nullptr, 0) == 0 ? 0 : errno;
}

bool Reap(const ChildHandle& child, int options, siginfo_t* status) {
  int result = 0;
  do {
    *status = {};
    result = waitid(static_cast<idtype_t>(kWaitPidfd), static_cast<id_t>(child.pidfd.get()), status, WEXITED | options);
  } while (result == -1 && errno == EINTR);
  if (result == 0) return status->si_pid != 0;
  if (errno == EAGAIN && (options & WNOHANG) != 0) return false;
  return ReapByNumber(child, options, status);
}

void End(ChildHandle* child, siginfo_t* status) {
  *status = {};
  const int error = SendSignal(child->pidfd, SIGKILL);
  if (error == 0 || error == ESRCH) {
    Reap(*child, 0, status);
  } else {
    Abandon(std::move(*child));
  }
}

void Abandon(ChildHandle child) {
  Abandoned::All().ReapEnded();
  Abandoned::All().Add(std::move(child));
}

}  // namespace seccomp
