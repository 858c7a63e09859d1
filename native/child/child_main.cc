// What runs between clone and execve: syscalls on a stack of its own, in memory shared with the parent.
//
// The parent's thread waits until we are gone, so its errno (thread-local, and ours too) is free to use.
#include "child/child_main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux_abi.h"
#include "child/ruleset.h"

namespace seccomp {
namespace {

class Child {
 public:
  explicit Child(ChildPlan* plan) : plan_(plan) {}
  ~Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Returns when a step has failed, with the reason in the plan.
  void Run() {
    if (ResetSignals() && StartSession() && Isolate() && PlaceDescriptors() && EnterDirectory() && SetLimits() &&
        LowerBoundingSet() && ChangeIdentity() && DropCapabilities() && UnblockSignals() && NoteNumber() &&
        PutOnFilters()) {
      Execute();
    }
  }

  bool PutOnFilters() {
    if (!GainNothing() || !CloseGates()) return false;
    for (size_t& i = plan_->filters_on; i < plan_->filter_count; i++) {
      const sock_fprog program = {plan_->filters[i].length, plan_->filters[i].instructions};
      // Linux 3.17, seccomp(2). The gate value is for the filters that are on already.
      const long result =
          syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan_->filter_flags, &program, gate_[0], gate_[1], gate_[2]);
      if (result < 0) return Fail("seccomp");
      if (MakesListener()) {
        if (!HandOver(static_cast<int>(result))) return false;
      } else if (result > 0) {
        plan_->other_thread = static_cast<pid_t>(result);
        return FailWith(ESRCH, "seccomp");
      }
    }
    return true;
  }

  bool MakesListener() const { return (plan_->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

  // Sends the listener away; ours is closed by execve. Under the filter, so this call passes the gate too.
  bool HandOver(int listener) {
    iovec pieces[2 * kMostPieces] = {};
    size_t count = 0;
    for (size_t i = 0; i < plan_->message_pieces && i < kMostPieces; i++) {
      if (i > 0) pieces[count++] = {number_, number_size_};
      pieces[count++] = plan_->message[i];
    }
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += pieces[i].iov_len;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)] = {};
    msghdr message = {};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    // There is room for one message: it does not wait.
    const long sent = syscall(SYS_sendmsg, plan_->handover, &message, MSG_NOSIGNAL, gate_[0], gate_[1], gate_[2]);
    if (sent < 0) return Fail("sendmsg");
    return static_cast<size_t>(sent) == size || FailWith(EMSGSIZE, "sendmsg");
  }

  // Ends the child. The gate value is passed here too, for filters that would not let it go.
  // Inline: before a call that does not return AddressSanitizer's runtime makes calls that the filter may deny.
  [[noreturn, gnu::always_inline]] void Exit() {
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

  bool GainNothing() {
    if (!plan_->no_new_privileges || gains_nothing_) return true;
    gains_nothing_ = prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0;
    return gains_nothing_ || Fail("prctl");
  }

  // While all capabilities are there: without no_new_privs a domain takes CAP_SYS_ADMIN.
  bool Isolate() {
    if (!plan_->isolate) return true;
    if (!WritesNoCore() && plan_->must_isolate) return Fail("prlimit");
    if (plan_->ruleset < 0) return true;
    if (!GainNothing()) return false;
    plan_->isolation_error = EnterDomain(plan_->ruleset);
    return plan_->isolation_error == 0 || !plan_->must_isolate ||
           FailWith(plan_->isolation_error, "landlock_restrict_self");
  }

  // A dump may be written by a program of root's. The hard limit stays: who wants dumps may have them.
  static bool WritesNoCore() {
    uint64_t limit[2] = {};
    if (syscall(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, limit) != 0) return false;
    limit[0] = 0;
    return syscall(SYS_prlimit64, 0, RLIMIT_CORE, limit, nullptr) == 0;
  }

  // Puts each descriptor in its place. Those below their place are moved up first, so none is overwritten before use.
  bool PlaceDescriptors() {
    const int count = plan_->descriptor_count;
    int* from = plan_->descriptors;
    if (MakesListener()) {
      plan_->handover = fcntl(plan_->handover, F_DUPFD_CLOEXEC, count);
      if (plan_->handover < 0) return Fail("fcntl");
    }
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

  // Linux 2.6.36, prlimit(2).
  bool SetLimits() {
    for (size_t i = 0; i < plan_->limit_count; i++) {
      const ResourceLimit& limit = plan_->limits[i];
      const uint64_t values[] = {limit.soft, limit.hard};
      if (syscall(SYS_prlimit64, 0, limit.resource, values, nullptr) != 0) return Fail("prlimit");
    }
    return true;
  }

  bool IsKept(int capability) const { return (plan_->kept_capabilities >> capability & 1) != 0; }

  // What is not in this set can't come back by execve(2). It takes CAP_SETPCAP: without it, no_new_privs does the same.
  bool LowerBoundingSet() {
    if (!plan_->drop_capabilities) return true;
    for (int capability = 0; prctl(PR_CAPBSET_READ, static_cast<long>(capability), 0L, 0L, 0L) >= 0; capability++) {
      if (IsKept(capability) || prctl(PR_CAPBSET_DROP, static_cast<long>(capability), 0L, 0L, 0L) == 0) continue;
      return plan_->no_new_privileges || Fail("prctl(PR_CAPBSET_DROP)");
    }
    return true;
  }

  // The other four sets: lowering permitted and inheritable lowers the ambient one too (capabilities(7)).
  bool DropCapabilities() {
    if (!plan_->drop_capabilities) return true;
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capget, &header, sets) != 0) return Fail("capget");
    for (int half = 0; half < _LINUX_CAPABILITY_U32S_3; half++) {
      const auto kept = static_cast<uint32_t>(plan_->kept_capabilities >> (32 * half));
      sets[half].effective &= kept;
      sets[half].permitted &= kept;
      sets[half].inheritable &= kept;
    }
    return syscall(SYS_capset, &header, sets) == 0 || Fail("capset");
  }

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

  // This process's number, for what is sent under the filter, which may deny getpid.
  bool NoteNumber() {
    if (plan_->message_pieces < 2) return true;
    char digits[sizeof number_];
    size_t count = 0;
    for (long rest = syscall(SYS_getpid); rest > 0 && count < sizeof digits; rest /= 10) {
      digits[count++] = static_cast<char>('0' + rest % 10);
    }
    while (count > 0) number_[number_size_++] = digits[--count];
    return true;
  }

  // Draws the gate value, if there is a gate, and writes it into the filters: from here on only we know it.
  bool CloseGates() {
    bool drawn = false;
    for (size_t i = 0; i < plan_->filter_count; i++) {
      const ChildFilter& filter = plan_->filters[i];
      if (filter.gate_length == 0) continue;
      // Linux 3.17, getrandom(2): up to 256 bytes come whole.
      if (!drawn && syscall(SYS_getrandom, gate_, sizeof gate_, 0) != static_cast<long>(sizeof gate_)) {
        return Fail("getrandom");
      }
      drawn = true;
      for (size_t j = 0; j < filter.gate_length; j++) {
        const GatePatch& patch = filter.gate[j];
        const uint64_t word = gate_[patch.half / 2];
        filter.instructions[patch.instruction].k = static_cast<uint32_t>(patch.half % 2 == 0 ? word : word >> 32);
      }
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
  bool gains_nothing_ = false;
  char number_[20] = {};  // A long has no more digits.
  size_t number_size_ = 0;
  uint64_t gate_[kGateWords] = {};
};

// Not inlined, so that its frame and those of its calls are where WipeBelow's is afterwards.
[[gnu::noinline]] bool PutOn(ChildPlan* plan) { return Child(plan).PutOnFilters(); }

// Overwrites what functions that have returned left on this thread's stack: the gate value is also an argument there.
[[gnu::noinline]] void WipeBelow() {
  char frames[16 * 1024];
  explicit_bzero(frames, sizeof frames);
}

}  // namespace

bool PutOnFilters(ChildPlan* plan) {
  const bool done = PutOn(plan);
  WipeBelow();
  return done;
}

void RunUnderFilters(ChildPlan* plan, void (*work)(void*), void* context) {
  plan->filters_on = 0;  // Of a process before this one.
  Child child(plan);
  if (child.PutOnFilters()) work(context);
  child.Exit();
}

int RunChild(void* plan) {
  Child child(static_cast<ChildPlan*>(plan));
  child.Run();
  child.Exit();
}

}  // namespace seccomp
