// What runs between clone and execve: syscalls on a stack of its own, in memory shared with the parent.
//
// The parent's thread waits until we are gone, so its errno (thread-local, and ours too) is free to use.
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux_abi.h"

namespace seccomp {
namespace {

class Child {
 public:
  explicit Child(ChildPlan* plan) : plan_(plan) {}

  // Returns when a step has failed, with the reason in the plan.
  void Run() {
    if (ResetSignals() && StartSession() && PlaceDescriptors() && EnterDirectory() && ChangeIdentity() &&
        UnblockSignals() && PutOnFilter()) {
      Execute();
    }
  }

  // Ends the child. The gate value is passed here too, for filters that would not let it go.
  [[noreturn]] void Exit() {
    for (;;) syscall(plan_->exit_call, 127L, 0L, 0L, gate_[0], gate_[1], gate_[2]);
  }

 private:
  bool Fail(const char* call) { return FailWith(errno, call); }

  bool FailWith(int error, const char* call) {
    plan_->failure = Failure{error, call};
    return false;
  }

  // Handlers would run the parent's code in the parent's memory, and execve would keep what is ignored (Node ignores
  // SIGPIPE). rt_sigaction(2) is asked directly: libc's wrapper refuses the signals that it uses itself.
  bool ResetSignals() {
    static const KernelSigaction by_default = {};
    for (int signal = 1; signal <= kLastSignal; signal++) {
      if (signal == SIGKILL || signal == SIGSTOP) continue;
      if (syscall(SYS_rt_sigaction, signal, &by_default, nullptr, kSigsetSize) != 0) return Fail("rt_sigaction");
    }
    return true;
  }

  bool StartSession() { return !plan_->new_session || setsid() != -1 || Fail("setsid"); }

  // Puts each descriptor in its place. Those below their place are moved up first, so none is overwritten before use.
  bool PlaceDescriptors() {
    const int count = plan_->descriptor_count;
    int* from = plan_->descriptors;
    for (int to = 0; to < count; to++) {
      if (from[to] < 0 || from[to] >= to) continue;
      from[to] = fcntl(from[to], F_DUPFD_CLOEXEC, count);
      if (from[to] < 0) return Fail("fcntl");
    }
    for (int to = 0; to < count; to++) {
      if (from[to] < 0) {
        close(to);
      } else if (from[to] == to) {
        if (fcntl(to, F_SETFD, 0) != 0) return Fail("fcntl");
      } else if (syscall(SYS_dup3, from[to], to, 0) < 0) {
        return Fail("dup3");
      }
      // As libuv does: programs expect to block on their standard descriptors.
      if (to <= STDERR_FILENO && from[to] >= 0) {
        const int flags = fcntl(to, F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK) != 0) fcntl(to, F_SETFL, flags & ~O_NONBLOCK);
      }
    }
    // Linux 5.11, close_range(2). Older kernels lack it: there, as in Node, only descriptors that somebody opened
    // without O_CLOEXEC would pass.
    syscall(kCloseRange, count, ~0U, kCloseRangeCloexec);
    return true;
  }

  bool EnterDirectory() { return plan_->cwd == nullptr || chdir(plan_->cwd) == 0 || Fail("chdir"); }

  // Directly by syscall: libc's wrappers would change every thread of the parent. setgroups fails without privilege,
  // and then setgid or setuid tells.
  bool ChangeIdentity() {
    if (plan_->set_uid || plan_->set_gid) syscall(SYS_setgroups, 0, nullptr);
    if (plan_->set_gid && syscall(SYS_setgid, plan_->gid) != 0) return Fail("setgid");
    if (plan_->set_uid && syscall(SYS_setuid, plan_->uid) != 0) return Fail("setuid");
    return true;
  }

  bool UnblockSignals() {
    static const unsigned long none[kSigsetSize / sizeof(unsigned long)] = {};
    return syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, nullptr, kSigsetSize) == 0 || Fail("rt_sigprocmask");
  }

  bool PutOnFilter() {
    if (plan_->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return Fail("prctl");
    if (plan_->filter == nullptr) return true;
    if (plan_->gate_length > 0 && !CloseGate()) return false;
    const sock_fprog program = {plan_->filter_length, plan_->filter};
    // Linux 3.17, seccomp(2).
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan_->filter_flags, &program) == 0 || Fail("seccomp");
  }

  // Draws the gate value and writes it into the filter: from here on only we know it.
  bool CloseGate() {
    // Linux 3.17, getrandom(2): up to 256 bytes come whole.
    if (syscall(SYS_getrandom, gate_, sizeof gate_, 0) != static_cast<long>(sizeof gate_)) return Fail("getrandom");
    for (size_t i = 0; i < plan_->gate_length; i++) {
      const GatePatch& patch = plan_->gate[i];
      const uint64_t word = gate_[patch.half / 2];
      plan_->filter[patch.instruction].k = static_cast<uint32_t>(patch.half % 2 == 0 ? word : word >> 32);
    }
    return true;
  }

  // As execvp(3): a candidate that is not there or not reachable leads to the next, EACCES is remembered.
  void Execute() {
    int error = ENOENT;
    bool denied = false;
    for (size_t i = 0; i < plan_->candidate_count; i++) {
      ExecuteFile(plan_->candidates[i], plan_->argv);
      if (errno == ENOEXEC) {
        plan_->shell_argv[1] = const_cast<char*>(plan_->candidates[i]);
        ExecuteFile("/bin/sh", plan_->shell_argv);
      }
      error = errno;
      denied |= error == EACCES;
      if (!GoesOn(error)) break;
      if (denied) error = EACCES;
    }
    FailWith(error, "execve");
  }

  static bool GoesOn(int error) {
    return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE || error == ENODEV ||
           error == ETIMEDOUT;
  }

  void ExecuteFile(const char* path, char* const* argv) {
    syscall(SYS_execve, path, argv, plan_->envp, gate_[0], gate_[1], gate_[2]);
  }

  ChildPlan* plan_;
  uint64_t gate_[kGateWords] = {};
};

}  // namespace

int RunChild(void* plan) {
  Child child(static_cast<ChildPlan*>(plan));
  child.Run();
  child.Exit();
}

}  // namespace seccomp
