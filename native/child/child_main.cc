// The child makes syscalls on a stack of its own, in memory that it shares with the parent.
// The child also shares the thread-local storage of the parent's thread, and with it errno. That thread waits until the
// child ends or executes the program, so both never use errno at once.
#include "child/child_main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "child/bare_clone.h"
#include "child/digits.h"
#include "child/privileges.h"
#include "landlock/ruleset.h"
#include "system/linux_abi.h"

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
    if (EnterProcessGroup() && EnterCgroup() && ResetSignals() && StartSession() && Isolate() && JoinGuardian() &&
        EnterDomain() && PlaceDescriptors() && ChangeDirectory() && SetLimits() && DropBoundingSet() &&
        ChangeIdentity() && DropCapabilities() && UnblockSignals() && FormatProcessId() && LowerPriority() &&
        AttachFilters() && WaitForGuardian()) {
      Execute();
    }
  }

  bool AttachFilters() {
    if (!SetNoNewPrivileges() || !AttachGuardianFilter() || !PatchGates()) return false;
    for (size_t& i = plan_->attached; i < plan_->filters.size(); i++) {
      const sock_fprog program = {plan_->filters[i].length, plan_->filters[i].instructions};
      // Linux 3.17, seccomp(2). The gate value makes the filters that are attached already allow this call.
      const long result =
          syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan_->filter_flags, &program, gate_[0], gate_[1], gate_[2]);
      if (result < 0) return Fail("seccomp");
      if (MakesListener()) {
        if (!SendListener(static_cast<int>(result))) return false;
      } else if (result > 0) {
        plan_->other_thread = static_cast<pid_t>(result);
        return FailWith(ESRCH, "seccomp");
      }
    }
    return true;
  }

  // As long as the guardian is dumpable, its user's programs can open files of it in /proc, such as oom_score_adj, and
  // write to them later. The last step, since filters take as long to attach as a guardian to start.
  bool WaitForGuardian() {
    if (plan_->guardian_socket < 0) return true;
    for (;;) {
      char byte = 0;
      const long size = syscall(SYS_read, plan_->guardian_socket, &byte, sizeof byte, gate_[0], gate_[1], gate_[2]);
      if (size == 1) return true;
      if (size == 0) return FailWith(ECHILD, "guardian: execveat");
      if (errno != EINTR) return Fail("guardian: read");
    }
  }

  // Ends the child. Passes the gate value, since the filters may deny this call too. The parent of a new process wipes
  // the stack, on which this object is, and a prober's memory ends with it. Always inlined: AddressSanitizer's runtime
  // makes syscalls before it calls a function that does not return, and the filters may deny these.
  [[noreturn, gnu::always_inline]] void Exit() {
    for (;;) syscall(plan_->exit_call, 127L, 0L, 0L, gate_[0], gate_[1], gate_[2]);
  }

 private:
  bool Fail(const char* call) { return FailWith(errno, call); }

  bool FailWith(int error, const char* call) {
    plan_->failure = Failure{error, call};
    return false;
  }

  // `failed`: the name of the call that failed, with errno set, or null.
  bool Succeeds(const char* failed) { return failed == nullptr || Fail(failed); }

  bool EnterProcessGroup() {
    plan_->has_entered_group = plan_->in_process_group && setpgid(0, plan_->process_group) == 0;
    return plan_->has_entered_group || !plan_->in_process_group || Fail("guardian: setpgid");
  }

  // Linux 4.5, cgroups(7). It takes milliseconds, for which the kernel waits: see BareCloneInto.
  bool EnterCgroup() {
    if (plan_->cgroup < 0 || plan_->born_in_cgroup) return true;
    const long members = syscall(SYS_openat, plan_->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (members < 0) return Fail("cgroup: open");
    const bool is_member = syscall(SYS_write, members, "0", 1L) == 1 || Fail("cgroup: write");
    syscall(SYS_close, members);
    return is_member;
  }

  // Gives all signals their default dispositions. A handler would run the parent's code in the parent's memory, and
  // execve(2) keeps ignored signals ignored (Node ignores SIGPIPE). rt_sigaction(2) is called directly, since libc's
  // wrapper refuses the signals that libc reserves.
  bool ResetSignals() {
    static const KernelSigaction by_default = {};
    if (!plan_->reset_signals) return true;
    for (int signal = 1; signal <= kLastSignal; signal++) {
      if (signal == SIGKILL || signal == SIGSTOP) continue;
      if (syscall(SYS_rt_sigaction, signal, &by_default, nullptr, kSigsetSize) != 0) return Fail("rt_sigaction");
    }
    return true;
  }

  bool StartSession() { return !plan_->new_session || setsid() != -1 || Fail("setsid"); }

  bool SetNoNewPrivileges() {
    if (!plan_->no_new_privileges || has_no_new_privileges_) return true;
    has_no_new_privileges_ = prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0;
    return has_no_new_privileges_ || Fail("prctl");
  }

  bool Isolate() { return !plan_->isolation || DisableCoreDumps() || !*plan_->isolation || Fail("prlimit"); }

  // Before capabilities are dropped: without no_new_privs, landlock_restrict_self(2) requires CAP_SYS_ADMIN.
  bool EnterDomain() {
    if (plan_->ruleset < 0) return true;
    if (!SetNoNewPrivileges()) return false;
    const bool logged = (plan_->filter_flags & SECCOMP_FILTER_FLAG_LOG) != 0;
    plan_->domain_error = seccomp::EnterDomain(plan_->ruleset, logged);
    const bool may_go_on = !plan_->domain_required && IsAnswer(plan_->domain_error);
    return plan_->domain_error == 0 || may_go_on || FailWith(plan_->domain_error, "landlock_restrict_self");
  }

  bool JoinGuardian() {
    if (plan_->join_guardian != nullptr && !plan_->join_guardian(plan_->guarded_start)) return false;
    if (plan_->guardian_end >= 0) syscall(SYS_close, plan_->guardian_end);
    return true;
  }

  // Moves each descriptor to its place. Descriptors that are below their place are first duplicated above all places,
  // so that none is overwritten before its use.
  bool PlaceDescriptors() {
    const int count = DescriptorCount();
    int* from = plan_->descriptors.data();
    if (MakesListener() && !PlaceAbove(&plan_->listener_socket, "fcntl")) return false;
    const bool is_in_the_way = plan_->guardian_socket >= 0 && plan_->guardian_socket < count;
    if (is_in_the_way && !PlaceAbove(&plan_->guardian_socket, "guardian: fcntl")) return false;
    for (int to = 0; to < count; to++) {
      if (from[to] >= 0 && from[to] < to && !PlaceAbove(&from[to], "fcntl")) return false;
    }
    for (int to = 0; to < count; to++) {
      if (from[to] < 0) {
        close(to);
      } else if (from[to] == to) {
        if (fcntl(to, F_SETFD, 0) != 0) return Fail("fcntl");
      } else if (syscall(SYS_dup3, from[to], to, 0) < 0) {
        return Fail("dup3");
      }
      // Programs expect that reads and writes of standard streams block. libuv does the same.
      if (to <= STDERR_FILENO && from[to] >= 0) {
        const int flags = fcntl(to, F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK) != 0) fcntl(to, F_SETFL, flags & ~O_NONBLOCK);
      }
    }
    CloseOthers();
    return true;
  }

  int DescriptorCount() const { return static_cast<int>(plan_->descriptors.size()); }

  // Linux 5.11, close_range(2). On older kernels, as in Node, the program inherits descriptors that were opened without
  // O_CLOEXEC.
  void CloseOthers() const {
    if (plan_->guardian_socket < 0) {
      syscall(kCloseRange, DescriptorCount(), ~0U, kCloseRangeCloexec);
      return;
    }
    // This child is about to wait. With a copy of another guardian's end of its socket, it would keep the child of that
    // one waiting when that guardian has ended, and two children could wait for each other.
    int first = DescriptorCount();
    const int listener = MakesListener() ? plan_->listener_socket : -1;
    for (const int kept : {std::min(plan_->guardian_socket, listener), std::max(plan_->guardian_socket, listener)}) {
      if (kept < first) continue;
      if (kept > first) syscall(kCloseRange, first, kept - 1, 0);
      first = kept + 1;
    }
    syscall(kCloseRange, first, ~0U, 0);
  }

  bool PlaceAbove(int* descriptor, const char* call) {
    *descriptor = fcntl(*descriptor, F_DUPFD_CLOEXEC, DescriptorCount());
    return *descriptor >= 0 || Fail(call);
  }

  bool ChangeDirectory() { return plan_->cwd == nullptr || chdir(plan_->cwd) == 0 || Fail("chdir"); }

  // Linux 2.6.36, prlimit(2).
  bool SetLimits() {
    for (const ResourceLimit& limit : plan_->limits) {
      const uint64_t values[] = {limit.soft, limit.hard};
      if (syscall(SYS_prlimit64, 0, limit.resource, values, nullptr) != 0) return Fail("prlimit");
      if (limit.resource == RLIMIT_NOFILE) FreeDescriptorBelow(limit.soft);
    }
    return true;
  }

  // A tree whose processes are counted at intervals. Without this, hundreds of them together would keep the guardian
  // and the parent waiting. A filter of this process's may deny it, as systemd's ~@resources does.
  bool LowerPriority() {
    if (!plan_->tree_limits || plan_->tree_limits->processes == 0) return true;
    constexpr long kNiceSteps = 5;
    const long priority = syscall(SYS_getpriority, PRIO_PROCESS, 0);  // 20 - nice: 1 to 40.
    if (priority > 0) syscall(SYS_setpriority, PRIO_PROCESS, 0, 20 - priority + kNiceSteps);
    return true;
  }

  // The listener needs a descriptor below the limit, and copies of the parent's descriptors may occupy all of these.
  // execve(2) closes the copies, except for those in place for the program.
  void FreeDescriptorBelow(uint64_t limit) const {
    if (!MakesListener() || limit == 0 || limit > INT_MAX) return;
    int last = static_cast<int>(limit) - 1;
    while (last == plan_->listener_socket || last == plan_->guardian_socket) last--;
    if (last >= DescriptorCount()) close(last);
  }

  bool DropBoundingSet() {
    if (!plan_->kept_capabilities || seccomp::DropBoundingSet(*plan_->kept_capabilities)) return true;
    return plan_->no_new_privileges || Fail("prctl(PR_CAPBSET_DROP)");
  }

  bool DropCapabilities() {
    return !plan_->kept_capabilities || Succeeds(seccomp::DropCapabilities(*plan_->kept_capabilities));
  }

  bool ChangeIdentity() { return Succeeds(seccomp::ChangeIdentity(plan_->uid, plan_->gid)); }

  bool UnblockSignals() {
    static const unsigned long none[kSigsetSize / sizeof(unsigned long)] = {};
    return syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, nullptr, kSigsetSize) == 0 || Fail("rt_sigprocmask");
  }

  // Formats the process ID for SendListener, which runs under the filter: the filter may deny getpid(2).
  bool FormatProcessId() {
    if (plan_->message.size() > 1) process_id_ = Digits(static_cast<int>(syscall(SYS_getpid)));
    return true;
  }

  bool AttachGuardianFilter() {
    if (!plan_->guardian_filter) return true;
    if (plan_->guardian <= 0) return FailWith(ESRCH, "guardian: clone");
    plan_->guardian_filter->Name(plan_->guardian);
    std::vector<sock_filter>& instructions = plan_->guardian_filter->instructions;
    const sock_fprog program = {static_cast<uint16_t>(instructions.size()), instructions.data()};
    const uint32_t flags = plan_->filter_flags & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0 || Fail("seccomp");
  }

  // If a filter has a gate, draws a random gate value and writes it into the filters. Only the child uses the value.
  bool PatchGates() {
    bool is_drawn = false;
    for (const ChildFilter& filter : plan_->filters) {
      if (filter.gate_length == 0) continue;
      // Linux 3.17, getrandom(2): up to 256 bytes are never a partial result.
      if (!is_drawn && syscall(SYS_getrandom, gate_, sizeof gate_, 0) != static_cast<long>(sizeof gate_)) {
        return Fail("getrandom");
      }
      is_drawn = true;
      for (size_t j = 0; j < filter.gate_length; j++) {
        const GatePatch& patch = filter.gate[j];
        const uint64_t word = gate_[patch.half / 2];
        filter.instructions[patch.instruction].k = static_cast<uint32_t>(patch.half % 2 == 0 ? word : word >> 32);
      }
    }
    return true;
  }

  bool MakesListener() const { return (plan_->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

  // Sends the listener and the message to listener_socket. execve(2) closes the child's copy of the listener. The
  // filter is attached already, so sendmsg(2) is called with the gate value.
  bool SendListener(int listener) {
    iovec parts[2 * kMaxMessageParts] = {};
    size_t count = 0;
    size_t size = 0;
    for (size_t i = 0; i < plan_->message.size() && i < kMaxMessageParts; i++) {
      if (i > 0) parts[count++] = {const_cast<char*>(process_id_.text()), process_id_.size()};
      parts[count++] = plan_->message[i];
    }
    for (size_t i = 0; i < count; i++) size += parts[i].iov_len;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)] = {};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    // The socket's buffer has room for one message, so this does not block. ETOOMANYREFS: more descriptors of this user
    // are in flight, in all its processes, than this child may have open. They are received soon; the filter may deny
    // to sleep until then.
    constexpr int kTries = 1'000'000;
    long sent = -1;
    for (int i = 0; i < kTries; i++) {
      sent = syscall(SYS_sendmsg, plan_->listener_socket, &message, MSG_NOSIGNAL, gate_[0], gate_[1], gate_[2]);
      if (sent >= 0 || errno != ETOOMANYREFS) break;
    }
    if (sent < 0) return Fail("sendmsg");
    return static_cast<size_t>(sent) == size || FailWith(EMSGSIZE, "sendmsg");
  }

  // Tries the candidates as execvp(3) does: one that does not exist or cannot be reached leads to the next. EACCES is
  // reported if no other candidate can be executed.
  void Execute() {
    int error = ENOENT;
    bool is_denied = false;
    for (const char* candidate : plan_->candidates) {
      ExecuteFile(candidate, plan_->argv);
      if (errno == ENOEXEC) {
        plan_->shell_argv[1] = const_cast<char*>(candidate);
        ExecuteFile("/bin/sh", plan_->shell_argv);
      }
      error = errno;
      is_denied |= error == EACCES;
      if (!TriesNext(error)) break;
      if (is_denied) error = EACCES;
    }
    FailWith(error, "execve");
  }

  static bool TriesNext(int error) {
    return error == EACCES || error == ENOENT || error == ENOTDIR || error == ESTALE || error == ENODEV ||
           error == ETIMEDOUT;
  }

  void ExecuteFile(const char* path, const std::vector<char*>& argv) {
    syscall(SYS_execve, path, argv.data(), plan_->envp.data(), gate_[0], gate_[1], gate_[2]);
  }

  ChildPlan* plan_;
  bool has_no_new_privileges_ = false;
  Digits process_id_{0};
  uint64_t gate_[kGateWords] = {};
};

// Not inlined, so that its frame, and those of the functions that it calls, lie where the frame of WipeStackBelow will.
[[gnu::noinline]] bool AttachInOwnFrame(ChildPlan* plan) { return Child(plan).AttachFilters(); }

// Overwrites what functions that have returned left on this thread's stack. The gate value was an argument there.
[[gnu::noinline]] void WipeStackBelow() {
  char frames[16 * 1024];
  explicit_bzero(frames, sizeof frames);
}

}  // namespace

bool AttachFilters(ChildPlan* plan) {
  const bool is_done = AttachInOwnFrame(plan);
  WipeStackBelow();
  return is_done;
}

void RunUnderFilters(ChildPlan* plan, void (*work)(void*), void* context) {
  plan->attached = 0;  // The plan may have been used by an earlier process.
  Child child(plan);
  if (child.AttachFilters()) work(context);
  child.Exit();
}

int RunChild(void* plan) {
  Child child(static_cast<ChildPlan*>(plan));
  child.Run();
  child.Exit();
}

long CloneChild(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id) {
  if (plan->cgroup >= 0) {
    flags |= CLONE_VFORK;
    plan->born_in_cgroup = true;
    const long child = BareCloneInto(plan->cgroup, RunChild, stack_top, flags, plan, pidfd, child_id);
    if (child > 0) return child;
    plan->born_in_cgroup = false;
  }
  return BareClone(RunChild, stack_top, flags, plan, pidfd, child_id);
}

}  // namespace seccomp
