#include "guardian/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <linux/time_types.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "guardian/clock.h"
#include "guardian/process_files.h"
#include "guardian/protocol.h"
#include "guardian/weigh.h"
#include "launcher/no_stack_protector.h"
#include "system/linux_abi.h"
#include "system/numbers.h"
#include "system/raw_call.h"

namespace seccomp {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_S390X;
#elif defined(__loongarch64)
constexpr uint32_t kArchitecture = AUDIT_ARCH_LOONGARCH64;
#endif

// Nanoseconds: the shortest that the kernel gives, from Linux 6.12 on.
constexpr uint64_t kSlice = 100'000;

// The offset of the low half of a 64-bit word.
constexpr uint32_t kLowHalf = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

// Asks the scheduler to let this process run as soon as it wakes, for a short time, however many processes of the tree
// wait. Without autogroups, as in a container, they would else run first: those that were just forked have half a
// slice.
void RunSoon() {
  sched_attr attributes = {};
  if (RawCall(SYS_sched_getattr, 0, Pointer(&attributes), sizeof attributes, 0) != 0) return;
  if (attributes.sched_policy != SCHED_NORMAL) return;
  attributes.sched_runtime = kSlice;
  RawCall(SYS_sched_setattr, 0, Pointer(&attributes), 0);
}

void Sleep(long nanoseconds) {
  const __kernel_timespec time = {0, nanoseconds};
  RawCall(SYS_nanosleep, Pointer(&time));
}

// Whether signal 0 to the parent fails with EPERM, as it does in a domain that scopes signals. If the parent has ended,
// the process that has become the parent is outside of the domain too. An adopted guardian was started by a process in
// its domain, which ends at once.
bool IsParentOutOfReach(bool is_adopted) {
  constexpr int kLooks = 2000;
  for (int i = 0; i < kLooks; i++) {
    const long parent = RawCall(SYS_getppid);
    if (parent <= 0) return false;  // Signal 0 to process 0 would be one to the own process group.
    const long result = RawCall(SYS_kill, parent);
    if (result == -EPERM) return true;
    if (!is_adopted && (result != -ESRCH || RawCall(SYS_getppid) == parent)) return false;
    Sleep(500'000);
  }
  return false;
}

// Whether a child that has ended, and that nothing but this process can reap, is in the group: its ID is no other's.
// The holder may still be about to end.
bool HoldsGroup(int32_t group) {
  siginfo_t holder = {};
  const long result = RawCall(SYS_waitid, P_PGID, group, Pointer(&holder), WEXITED | WNOWAIT | __WALL);
  return result == 0 && holder.si_pid == group;
}

// Attaches a filter that allows only what GuardTree calls. A file can only be opened for reading.
bool AttachOwnFilter() {
  static constexpr uint32_t kAllowed[] = {
      SYS_read,       SYS_kill,  SYS_getdents64, SYS_close, SYS_nanosleep,     SYS_sendto,          SYS_getppid,
      SYS_exit_group, SYS_ppoll, SYS_getpgid,    SYS_wait4, SYS_clock_gettime, SYS_restart_syscall, SYS_getsockopt,
      SYS_sysinfo,    SYS_tgkill};
  constexpr size_t kCount = sizeof kAllowed / sizeof *kAllowed;
  std::array<sock_filter, kCount + 9> program = {};
  size_t next = 0;
  program[next++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[next++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program[next++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[next++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < kCount; i++) {
    program[next++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kAllowed[i], static_cast<uint8_t>(kCount - i + 2), 0);
  }
  program[next++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3);
  program[next++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2]) + kLowHalf);
  program[next++] = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC, 1, 0);
  program[next++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  program[next++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  const sock_fprog filter = {static_cast<unsigned short>(next), program.data()};
  return RawCall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1) == 0 &&
         RawCall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, Pointer(&filter)) == 0;
}

// The processes that a guardian may signal: those of its tree. With a group, those of them that are in the group.
class Tree {
 public:
  explicit Tree(const Guarded& guarded)
      : control_(guarded.control), child_pidfd_(guarded.child_pidfd), child_(guarded.child), group_(guarded.group) {}
  ~Tree() = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  int32_t self() const { return self_; }

  // kill(2) with -1 excludes the caller itself. The kernel signals all others while none can be forked.
  void Signal(int32_t signal) const { RawCall(SYS_kill, group_ > 0 ? -group_ : -1, signal); }

  // Kills all, and waits until they have ended.
  int End() {
    const int status = KillAll();
    if (group_ > 0) RawCall(SYS_wait4, group_, 0, __WALL);  // The holder. From now on the ID may be another one's.
    return status;
  }

 private:
  int KillAll() {
    // Not of a clock: the kernel may have stopped this process and the tree, as a container that is paused.
    int64_t waited = 0;
    int64_t pause = 0;
    bool had_ended = false;
    for (;;) {
      Signal(SIGKILL);
      if (!AwaitChild()) waited += kLastPause;
      const int64_t begin = Nanoseconds();
      if (!Count()) return kProcessesUnknown;
      if (running_ == 0 && all_reported_) {
        // A zombie may have been left to this process's parent after it was looked at: the next look finds it. If there
        // was only the first process, there is nothing to be left.
        if (had_ended || others_ == 0) return kTreeEnded;
        had_ended = true;
        continue;
      }
      // A look takes long where there are many processes, as when many trees are ended at once: it must not keep these
      // from ending.
      pause = std::min(std::max({kFirstPause, 2 * pause, Nanoseconds() - begin}), kLastPause);
      if (running_ > 0) waited += pause;  // Otherwise, it is this process's parent that is late.
      if (waited > kEndSeconds * kSecond) return kProcessesRemain;
      Sleep(pause);
    }
  }

  // Most of a tree ends with its first process, and needs no look then. Returns false after kLastPause.
  bool AwaitChild() const {
    pollfd polled = {child_pidfd_, POLLIN, 0};
    __kernel_timespec pause = {0, kLastPause};  // The kernel writes what remains of it.
    return RawCall(SYS_ppoll, Pointer(&polled), 1, Pointer(&pause)) != 0;
  }

  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr int64_t kFirstPause = 50'000;
  static constexpr int64_t kLastPause = 20'000'000;

  // Whether the other end of the socket has received all that was sent.
  bool IsAllReceived() const {
    std::array<uint32_t, SK_MEMINFO_VARS> memory = {};
    uint32_t size = sizeof memory;
    RawCall(SYS_getsockopt, control_, SOL_SOCKET, SO_MEMINFO, Pointer(memory.data()), Pointer(&size));
    return memory[SK_MEMINFO_WMEM_ALLOC] == 0;
  }

  // Counts the processes of the tree that still run. Reports the zombies of the parent, save `child_`: the init of a
  // PID namespace does not end before those in its namespace are reaped.
  //
  // None is reported twice: the ID of one that has been reaped may be that of another child. So nothing is reported
  // before the parent has received, and thereby reaped, what was reported before.
  bool Count() {
    running_ = 0;
    others_ = 0;
    all_reported_ = true;
    may_report_ = IsAllReceived();
    NumberedEntries processes(AT_FDCWD, "/proc", "");
    const auto parent = static_cast<int32_t>(RawCall(SYS_getppid));
    while (const char* name = processes.Next()) Look(processes.descriptor(), name, parent);
    ReportZombies();
    return processes.error() == 0;
  }

  void Look(long proc, std::string_view name, int32_t parent) {
    std::string_view digits = name;
    const auto id = TakeNumber<int32_t>(&digits);
    if (!id || *id == self_ || RawCall(SYS_kill, *id) != 0) return;
    if (group_ > 0 && (*id == group_ || RawCall(SYS_getpgid, *id) != group_)) return;
    if (*id != child_) others_++;
    const ProcessFile file(proc, name, "stat");
    if (file.is_gone()) return;
    const auto stat = ParseStat(file.text());
    if (!stat || stat->is_running) {  // What cannot be read counts as running.
      running_++;
    } else if (stat->parent == parent && *id != child_) {
      Report(*id);
    }
  }

  void Report(int32_t zombie) {
    if (!may_report_) {
      all_reported_ = false;
      return;
    }
    zombies_[zombie_count_++] = zombie;
    if (zombie_count_ == zombies_.size()) ReportZombies();
  }

  void ReportZombies() {
    if (zombie_count_ == 0) return;
    const long size = static_cast<long>(zombie_count_ * sizeof zombies_[0]);
    const long sent = RawCall(SYS_sendto, control_, Pointer(zombies_.data()), size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == -EAGAIN || sent == -ENOMEM || sent == -ENOBUFS) all_reported_ = false;
    zombie_count_ = 0;
  }

  const int control_;
  const int child_pidfd_;
  const int32_t child_;
  const int32_t group_;
  const int32_t self_ = static_cast<int32_t>(RawCall(SYS_getpid));
  int32_t running_ = 0;  // Processes that have not ended, and
  int32_t others_ = 0;   // those of the tree that have not been reaped, save its first process.
  bool all_reported_ = true;
  bool may_report_ = true;
  size_t zombie_count_ = 0;
  std::array<int32_t, kMaxZombies> zombies_ = {};
};

__kernel_timespec Milliseconds(int64_t time) { return {time / 1000, time % 1000 * 1'000'000}; }

// Receives the limits of the tree if there are any: they were sent before this process was started. Returns false if
// there is no other end any more.
bool ReceiveLimits(const Guarded& guarded, const Tree& tree, TreeLimits* limits) {
  pollfd polled = {guarded.control, POLLIN, 0};
  const __kernel_timespec none = {};
  const long ready = RawCall(SYS_ppoll, Pointer(&polled), 1, Pointer(&none));
  if (ready <= 0) return ready == 0;
  if ((polled.revents & POLLNVAL) != 0) return true;  // Started by hand.
  const long size = RawCall(SYS_read, guarded.control, Pointer(limits), sizeof *limits);
  if (size == sizeof(int32_t)) {  // A signal: a child in a cgroup does not wait for this process.
    int32_t signal = 0;
    __builtin_memcpy(&signal, limits, sizeof signal);
    *limits = {};
    tree.Signal(signal);
    return true;
  }
  return size == sizeof *limits;
}

enum class Wake { kGoOn, kFirstEnded, kEnd, kStartedByHand };

// Waits until the first process or the control socket has ended, or for `pause` milliseconds. Passes a signal on.
Wake Wait(const Guarded& guarded, const Tree& tree, std::optional<int64_t> pause) {
  std::array<pollfd, 2> polled = {
      {{guarded.is_adopted ? -1 : guarded.control, POLLIN, 0}, {guarded.child_pidfd, POLLIN, 0}}};
  const __kernel_timespec time = Milliseconds(pause.value_or(0));
  const long ready =
      RawCall(SYS_ppoll, Pointer(polled.data()), static_cast<long>(polled.size()), pause ? Pointer(&time) : 0);
  if (ready == -EINTR) return Wake::kGoOn;
  if (((polled[0].revents | polled[1].revents) & POLLNVAL) != 0) return Wake::kStartedByHand;
  if (ready < 0) return Wake::kEnd;
  if (polled[1].revents != 0) return Wake::kFirstEnded;
  if (polled[0].revents == 0) return Wake::kGoOn;
  int32_t signal = 0;
  if (RawCall(SYS_read, guarded.control, Pointer(&signal), sizeof signal) != sizeof signal) return Wake::kEnd;
  tree.Signal(signal);
  return signal == SIGKILL ? Wake::kEnd : Wake::kGoOn;
}

// Waits for the end of the tree's first process, or of the tree if that may outlive it, or until a limit is passed.
// Returns nullopt if this process was started by hand.
std::optional<Verdict> Watch(Guarded guarded, const Tree& tree, bool outlives, std::optional<Weigher>* weigher) {
  for (;;) {
    std::optional<int64_t> pause;
    if (*weigher) pause = (*weigher)->Remaining();
    const Wake wake = Wait(guarded, tree, pause);
    if (wake == Wake::kStartedByHand) return std::nullopt;
    if (wake == Wake::kEnd || (wake == Wake::kFirstEnded && !outlives)) return kWithinLimits;
    if (wake == Wake::kFirstEnded) guarded.child_pidfd = -1;
    const Verdict verdict = *weigher ? (*weigher)->WeighIfDue() : kWithinLimits;
    if (verdict != kWithinLimits) return verdict;
  }
}

}  // namespace

int GuardTree(const Guarded& guarded) {
  // No file of /proc/PID belongs to the user any more, so none can be written by the tree: oom_score_adj, autogroup.
  if (RawCall(SYS_prctl, PR_SET_DUMPABLE, 0) != 0) return kNotGuarding;
  RawCall(SYS_prctl, PR_SET_NAME, Pointer("seccomp-guard"));
  // A session of its own keeps the kernel's autogroups from sharing the guardian's processor time with the tree. That
  // of a process group was started with the group.
  if (guarded.group == 0 && RawCall(SYS_setsid) < 0) return kNotGuarding;
  const bool may_kill = guarded.group > 0 ? HoldsGroup(guarded.group) : IsParentOutOfReach(guarded.is_adopted);
  if (!may_kill) return kNotGuarding;
  Tree tree(guarded);
  TreeLimits limits = {};
  if (!guarded.is_adopted && !ReceiveLimits(guarded, tree, &limits)) return tree.End();
  std::optional<Weigher> weigher;
  if (limits.AreWeighed()) weigher.emplace(limits, tree.self(), guarded.child);
  if (limits.processes != 0) RunSoon();
  Verdict verdict = weigher ? weigher->WeighIfDue() : kWithinLimits;
  const char ready_byte = 0;
  if (weigher) weigher->Restart();
  if (verdict == kWithinLimits) {
    const long sent = RawCall(SYS_sendto, guarded.control, Pointer(&ready_byte), sizeof ready_byte, MSG_NOSIGNAL);
    if (sent < 0 && sent != -EPIPE) return kNotGuarding;  // A filter denies it. The first process would wait for ever.
  }
  // Only now: it takes the kernel as long as the rest of this, and the first process waits for the byte.
  if (!AttachOwnFilter()) {
    tree.End();
    return kNotConfined;
  }
  if (verdict == kWithinLimits) {
    const std::optional<Verdict> watched = Watch(guarded, tree, limits.outlives != 0, &weigher);
    if (!watched) return kNotGuarding;
    verdict = *watched;
  }
  const int status = tree.End();
  // What cannot be weighed may not be seen either.
  const bool is_hidden = status == kTreeEnded && verdict == kNotWeighed;
  return (is_hidden ? kProcessesUnknown : status) | verdict << kVerdictShift;
}

}  // namespace seccomp
