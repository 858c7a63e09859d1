#include "child/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <optional>
#include <string>
#include <utility>

#include "child/child_main.h"
#include "child/guarded_start.h"
#include "child/stdio.h"
#include "system/descriptor.h"
#include "system/dumpable.h"
#include "system/linux_abi.h"
#include "system/signals_blocked.h"
#include "system/unix_socket.h"

namespace seccomp {
namespace {

// The sockets between a child that sends its listener and this process. With an agent, only the child's.
struct ListenerChannel {
  Descriptor parent, child;
  Descriptor place;  // Keeps a number free for the listener, which this process must be able to have.

  Failure Open(const std::optional<AgentRequest>& agent) {
    if (agent) return ConnectToPath(agent->path, &child);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
    parent = Descriptor(pair[0]);
    child = Descriptor(pair[1]);
    place = Descriptor(fcntl(pair[0], F_DUPFD_CLOEXEC, 0));
    return place.get() < 0 ? Failure{errno, "fcntl"} : Failure{};
  }

  // Receives the listener of a child whose execve(2) has succeeded, and which has sent it before that. Other threads
  // may take the number that was kept free: the kernel then gives no descriptor, and the message stays, as it is only
  // looked at.
  Failure Receive(Descriptor* listener) {
    constexpr int kTries = 1000;
    constexpr timespec kPause = {0, 1'000'000};
    place = Descriptor();
    Failure failure = Peek(listener);
    for (int tries = 0; failure.error == EMFILE && tries < kTries; tries++) {
      nanosleep(&kPause, nullptr);
      failure = Peek(listener);
    }
    return failure;
  }

 private:
  Failure Peek(Descriptor* listener) const {
    std::string byte(1, '\0');
    std::vector<Descriptor> received;
    bool is_truncated = false;
    const ssize_t size = ReceiveDescriptors(parent, &byte, &received, &is_truncated, MSG_PEEK);
    if (size < 0) return {static_cast<int>(-size), "recvmsg"};
    if (received.empty()) return {EMFILE, "recvmsg"};
    *listener = std::move(received.front());
    return {};
  }
};

// Runs the plan in a new process. clone(2) with CLONE_VFORK returns when the child has called execve(2) or has ended;
// if the plan then holds a failure, the child has ended.
ChildHandle Clone(ChildPlan* plan, const ChildMemory& memory, bool guarded, GuardianHandle* guardian) {
  const SignalsBlocked blocked;
  if (blocked.error() != 0) {
    plan->failure = {blocked.error(), "rt_sigprocmask"};
    return {0, Descriptor()};
  }
  if (guarded) return CloneGuarded(plan, memory, guardian);
  int pidfd = -1;
  const int flags = CLONE_VM | CLONE_VFORK | static_cast<int>(kClonePidfd) | SIGCHLD;
  const long pid = CloneChild(plan, memory.stack_top(), flags, &pidfd, nullptr);
  if (pid < 0) {
    plan->failure = {static_cast<int>(-pid), "clone"};
    return {0, Descriptor()};
  }
  return {static_cast<pid_t>(pid), Descriptor(pidfd)};
}

}  // namespace

Failure StartChild(Request* request, StartedChild* started) {
  ReapAbandoned();
  ChildMemory* memory = ChildMemory::ForThisThread();
  if (memory == nullptr) return {errno, "mmap"};
  PreparedPlan plan(request, memory);
  plan->exit_call = SYS_exit_group;
  plan->reset_signals = true;

  Stdio stdio;
  const Failure opened = stdio.Open(*request);
  if (opened.error != 0) return opened;
  plan->descriptors = std::move(stdio.child);
  const Descriptor ruleset = plan.OpenDomain();
  if (plan->failure.error != 0) return plan->failure;
  ListenerChannel channel;
  if (request->WantsListener()) {
    const Failure failure = channel.Open(request->agent);
    if (failure.error != 0) return failure;
    plan->listener_socket = channel.child.get();
  }

  std::optional<DumpableKept> dumpable;
  if (request->uid || request->gid) dumpable.emplace();
  started->child = Clone(plan.get(), *memory, request->guarded, &started->guardian);
  dumpable.reset();
  started->domain_error = plan->domain_error;
  started->sockets = std::move(stdio.parent);
  if (plan->failure.error == 0 && channel.parent.get() >= 0) plan->failure = channel.Receive(&started->listener);
  if (plan->failure.error != 0) EndStarted(started);
  return plan->failure;
}

// Waits for the guardian, which ends what the child has started: nobody else would reap it.
void EndStarted(StartedChild* started) {
  siginfo_t status;
  if (started->child.pidfd.get() >= 0) KillAndReap(&started->child, &status);
  GuardianHandle& guardian = started->guardian;
  guardian.control = PrivateDescriptor();
  if (guardian.process.pidfd.get() >= 0) Reap(guardian.process, 0, &status);
}

}  // namespace seccomp
