// Tests of GuardTree. Run as `guardian_test NAME`.
//
// GuardTree runs in a thread of a process of its own, which Guardian forks. Its filter is that thread's alone, so the
// process can end as others do, by exit(3): a build that measures coverage then writes its counts.
//
// All processes have a user that no other process has: a defect of kill(-1, …) can only end processes of the test.
#include "guardian/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "guardian/process_files.h"
#include "guardian/process_group.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "system/descriptor.h"
#include "system/linux_abi.h"
#include "system/raw_call.h"
#include "test/check.h"

namespace seccomp::test {
namespace {

// Ends each process of a test that fails.
constexpr unsigned kMostSeconds = 30;

enum class Kind { kGroup, kDomain, kNeither };

// Where the ID of a process is reported when it is ready.
class Ready {
 public:
  Ready() { CHECK_EQUAL(pipe(ends_), 0); }
  void Report(pid_t pid) const { static_cast<void>(write(ends_[1], &pid, sizeof pid)); }
  pid_t Next() const {
    pid_t pid = 0;
    CHECK_EQUAL(read(ends_[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    return pid;
  }

 private:
  int ends_[2] = {-1, -1};
};

[[noreturn]] void Pause() {
  for (;;) pause();
}

[[noreturn]] void Spin() {
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

// How a test starts a guardian.
struct Setup {
  Kind kind = Kind::kGroup;
  // What the tree's first process does after it has reported that it is ready.
  std::function<void()> program = Pause;
  // Changes what the guardian is started with.
  std::function<void(Guarded*)> change = [](Guarded*) {};
  // The limits that the guardian is sent before it is started.
  std::optional<TreeLimits> limits = std::nullopt;
  // Uses the test's end of the socket before the guardian is started.
  std::function<void(Descriptor*)> before = [](Descriptor*) {};
  // The guardian's calls under its own filter after the end of the tree.
  std::function<void()> after = [] {};
};

// A guardian and the first process of its tree.
class Guardian {
 public:
  explicit Guardian(Setup setup) : setup_(std::move(setup)) {
    const uid_t user = 1'000'000 + static_cast<uid_t>(getpid());
    if (getuid() != 0 || setresuid(user, user, user) != 0) Skip("needs root, and any user ID");
    if (setup_.kind == Kind::kDomain && OpenRuleset({0, 0, kScopeSignals}).get() < 0) {
      Skip("Landlock has no scopes");
    }
    alarm(kMostSeconds);
    // The tree's processes are left to this one, which can tell how they ended.
    CHECK_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L), 0);
    int ends[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    control_ = Descriptor(ends[0]);
    guarded_.control = ends[1];
    if (const auto& limits = setup_.limits) {
      CHECK_EQUAL(send(control_.get(), &*limits, sizeof *limits, 0), static_cast<ssize_t>(sizeof *limits));
    }
    setup_.before(&control_);
    process_ = fork();
    CHECK_EQUAL(process_ >= 0, true);
    if (process_ == 0) Run();
    close(ends[1]);
    first_ = ready_.Next();
  }

  pid_t first() const { return first_; }
  pid_t process() const { return process_; }
  int control() const { return control_.get(); }
  void CloseControl() { control_ = Descriptor(); }

  // Whether the guardian has sent its byte. Waits for it, or for the guardian's end.
  bool IsGuarding() const {
    char byte = 1;
    return recv(control_.get(), &byte, sizeof byte, 0) == 1 && byte == 0;
  }

  // Waits for the guardian's end and returns the signal that has ended it, or 0.
  int Signal() const {
    const int status = AwaitEnd([](const Zombies&) {});
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  using Zombies = std::vector<int32_t>;

  // Waits for the guardian's end and returns its status. Passes each message with zombies on before it is received.
  int Status(const std::function<void(const Zombies&)>& on_zombies = [](const Zombies&) {}) const {
    const int status = AwaitEnd(on_zombies);
    CHECK_EQUAL(WIFEXITED(status), true);
    return WEXITSTATUS(status);
  }

 private:
  int AwaitEnd(const std::function<void(const Zombies&)>& on_zombies) const {
    const Descriptor pidfd(static_cast<int>(syscall(kPidfdOpen, process_, 0L)));
    for (;;) {
      std::array<pollfd, 2> polled = {{{control_.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}}};
      CHECK_EQUAL(poll(polled.data(), polled.size(), -1) > 0, true);
      Zombies zombies(kMaxZombies + 1);
      const size_t room = zombies.size() * sizeof zombies[0];
      const ssize_t size = recv(control_.get(), zombies.data(), room, MSG_DONTWAIT | MSG_PEEK);
      if (size <= 0 && polled[1].revents != 0) break;
      if (size <= 0) continue;
      zombies.resize(static_cast<size_t>(size) / sizeof zombies[0]);
      on_zombies(zombies);
      CHECK_EQUAL(recv(control_.get(), zombies.data(), room, MSG_DONTWAIT), size);
    }
    int status = 0;
    CHECK_EQUAL(waitpid(process_, &status, 0), process_);
    return status;
  }

  static void* GuardInThread(void* guardian) { static_cast<Guardian*>(guardian)->Guard(); }

  [[noreturn]] void Run() {
    alarm(kMostSeconds);
    control_ = Descriptor();
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, result_), 0);
    pthread_t thread = {};
    CHECK_EQUAL(pthread_create(&thread, nullptr, GuardInThread, this), 0);
    int status = 0;
    CHECK_EQUAL(read(result_[0], &status, sizeof status), static_cast<ssize_t>(sizeof status));
    prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);  // LeakSanitizer traces this process when it ends.
    std::exit(status);
  }

  [[noreturn]] void Guard() {
    if (setup_.kind == Kind::kGroup) {
      guarded_.group = static_cast<int>(HoldProcessGroup());
      CHECK_EQUAL(guarded_.group > 0, true);
    } else if (setup_.kind == Kind::kDomain) {
      CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
      CHECK_EQUAL(EnterDomain(OpenRuleset({0, 0, kScopeSignals}).get()), 0);
    }
    guarded_.child = fork();
    if (guarded_.child == 0) {
      alarm(kMostSeconds);
      close(guarded_.control);
      if (guarded_.group > 0) setpgid(0, guarded_.group);
      first_ready_.Report(getpid());
      setup_.program();
      Pause();
    }
    if (guarded_.group > 0) setpgid(guarded_.child, guarded_.group);
    guarded_.child_pidfd = static_cast<int>(syscall(kPidfdOpen, guarded_.child, 0L));
    // The guardian may kill the process at once.
    ready_.Report(first_ready_.Next());
    setup_.change(&guarded_);
    const int status = GuardTree(guarded_);
    setup_.after();
    // The filter allows these calls, but not those by which a thread ends.
    RawCall(SYS_sendto, result_[1], Pointer(&status), sizeof status, MSG_NOSIGNAL);
    for (;;) RawCall(SYS_ppoll, 0, 0, 0);
  }

  const Setup setup_;
  const Ready first_ready_, ready_;
  Descriptor control_;
  Guarded guarded_ = {-1, -1, 0, false, 0};
  int result_[2] = {-1, -1};
  pid_t process_ = 0;
  pid_t first_ = 0;
};

// The signal that has ended a process of the tree.
int SignalThatEnded(pid_t pid) {
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  CHECK_EQUAL(WIFSIGNALED(status), true);
  return WTERMSIG(status);
}

// Starts a second process of the tree, from its first one.
std::function<void()> WithSecond(const Ready& second) {
  return [&second] {
    if (fork() == 0) {
      alarm(kMostSeconds);
      second.Report(getpid());
    }
    Pause();
  };
}

int Passed(Verdict verdict) { return kTreeEnded | verdict << kVerdictShift; }

// --- The end of a tree -----------------------------------------------------------------------------------------------

void EndsTheTreeWithItsFirstProcess(Kind kind) {
  const Ready ready;
  const Guardian guardian({kind, WithSecond(ready)});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  kill(guardian.first(), SIGTERM);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGTERM);
  CHECK_EQUAL(SignalThatEnded(second), SIGKILL);
}

TEST(EndsAGroupWithItsFirstProcess) { EndsTheTreeWithItsFirstProcess(Kind::kGroup); }
TEST(EndsADomainWithItsFirstProcess) { EndsTheTreeWithItsFirstProcess(Kind::kDomain); }

void EndsTheTreeWithItsSocket(Kind kind) {
  const Ready ready;
  // CloseControl changes it. NOLINTNEXTLINE(misc-const-correctness)
  Guardian guardian({kind, WithSecond(ready)});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  guardian.CloseControl();
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
  CHECK_EQUAL(SignalThatEnded(second), SIGKILL);
}

TEST(EndsAGroupWithItsSocket) { EndsTheTreeWithItsSocket(Kind::kGroup); }
TEST(EndsADomainWithItsSocket) { EndsTheTreeWithItsSocket(Kind::kDomain); }

TEST(EndsATreeWhoseSocketWasClosedBeforeItStarted) {
  const Guardian guardian(
      {Kind::kGroup, Pause, [](Guarded*) {}, {}, [](Descriptor* control) { shutdown(control->get(), SHUT_WR); }});
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(guardian.IsGuarding(), false);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
}

// A zombie is left to this process, the parent of the guardian's, while the first process has not been reaped. Once
// this process has reaped it, its ID may be that of another child, which the guardian must not have it reap.
TEST(ReportsEachZombieOfItsParentOnce) {
  const Ready ready;
  const Guardian guardian({Kind::kGroup, WithSecond(ready)});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  kill(guardian.first(), SIGKILL);
  Guardian::Zombies reported;
  const int status = guardian.Status([&reported](const Guardian::Zombies& zombies) {
    usleep(100'000);  // The guardian looks at its tree several times meanwhile.
    for (const int32_t pid : zombies) waitpid(pid, nullptr, WNOHANG);
    reported.insert(reported.end(), zombies.begin(), zombies.end());
  });
  CHECK_EQUAL(status, kTreeEnded);
  CHECK_EQUAL(reported == Guardian::Zombies{second}, true);
}

TEST(ReportsMoreZombiesThanOneMessageHolds) {
  constexpr size_t kCount = kMaxZombies + 40;
  const Ready ready;
  const Guardian guardian({Kind::kGroup, [&ready] {
                             for (size_t i = 0; i < kCount; i++) {
                               if (fork() != 0) continue;
                               alarm(kMostSeconds);
                               ready.Report(getpid());
                               Pause();
                             }
                           }});
  std::set<int32_t> others;
  while (others.size() < kCount) others.insert(ready.Next());
  CHECK_EQUAL(guardian.IsGuarding(), true);
  kill(guardian.first(), SIGKILL);
  std::set<int32_t> reported;
  const int status = guardian.Status([&reported](const Guardian::Zombies& zombies) {
    CHECK_EQUAL(zombies.size() <= kMaxZombies, true);
    reported.insert(zombies.begin(), zombies.end());
  });
  CHECK_EQUAL(status, kTreeEnded);
  for (const int32_t pid : others) CHECK_EQUAL(waitpid(pid, nullptr, WNOHANG), pid);  // All have ended before it.
  CHECK_EQUAL(reported == others, true);
}

// The signal that ends a guardian which makes a call when its tree has ended.
int SignalAt(std::function<void()> call) {
  Setup setup = {Kind::kGroup};
  setup.after = std::move(call);
  const Guardian guardian(setup);
  CHECK_EQUAL(guardian.IsGuarding(), true);
  kill(guardian.first(), SIGTERM);
  return guardian.Signal();
}

int SignalAtOpen(long flags) {
  return SignalAt([flags] { RawCall(SYS_openat, AT_FDCWD, Pointer("/dev/null"), flags, 0600); });
}

TEST(OpensFilesForReading) { CHECK_EQUAL(SignalAtOpen(O_RDONLY | O_CLOEXEC | O_DIRECTORY), 0); }
TEST(OpensNoFileForWriting) { CHECK_EQUAL(SignalAtOpen(O_WRONLY), SIGSYS); }
TEST(OpensNoFileForReadingAndWriting) { CHECK_EQUAL(SignalAtOpen(O_RDWR), SIGSYS); }
TEST(CreatesNoFile) { CHECK_EQUAL(SignalAtOpen(O_RDONLY | O_CREAT), SIGSYS); }
TEST(TruncatesNoFile) { CHECK_EQUAL(SignalAtOpen(O_RDONLY | O_TRUNC), SIGSYS); }
TEST(MakesNoOtherCall) {
  CHECK_EQUAL(SignalAt([] { RawCall(SYS_socket, 1, 1, 0); }), SIGSYS);
}

TEST(AnAdoptedGuardianEndsTheTreeWithItsFirstProcessOnly) {
  const Ready ready;
  // CloseControl changes it. NOLINTNEXTLINE(misc-const-correctness)
  Guardian guardian({Kind::kDomain, WithSecond(ready), [](Guarded* guarded) { guarded->is_adopted = true; }});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  guardian.CloseControl();
  kill(guardian.first(), SIGTERM);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGTERM);
  CHECK_EQUAL(SignalThatEnded(second), SIGKILL);
}

// --- Signals ---------------------------------------------------------------------------------------------------------

void PassesASignalOn(Kind kind) {
  const Ready ready;
  const Guardian guardian({kind, WithSecond(ready)});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  const int32_t signal = SIGUSR1;
  CHECK_EQUAL(send(guardian.control(), &signal, sizeof signal, 0), static_cast<ssize_t>(sizeof signal));
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGUSR1);
  CHECK_EQUAL(SignalThatEnded(second), SIGUSR1);
}

TEST(PassesASignalOnToAGroup) { PassesASignalOn(Kind::kGroup); }
TEST(PassesASignalOnToADomain) { PassesASignalOn(Kind::kDomain); }

TEST(PassesASignalOnThatWasSentBeforeItStarted) {
  const int32_t signal = SIGUSR1;
  const Guardian guardian({Kind::kGroup,
                           Pause,
                           [](Guarded*) {},
                           {},
                           [signal](Descriptor* control) {
                             CHECK_EQUAL(send(control->get(), &signal, sizeof signal, 0),
                                         static_cast<ssize_t>(sizeof signal));
                           }});
  CHECK_EQUAL(guardian.IsGuarding(), true);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGUSR1);
}

// --- Limits ----------------------------------------------------------------------------------------------------------

TEST(EndsATreeThatPassesALimitBeforeItsProgramRuns) {
  // The guardian may also signal the test and the holder of the group, and so weighs them too.
  const Guardian guardian({Kind::kGroup, Pause, [](Guarded*) {}, TreeLimits{0, 1, 0}});
  CHECK_EQUAL(guardian.Status(), Passed(kProcessesPassed));
  CHECK_EQUAL(guardian.IsGuarding(), false);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
}

TEST(EndsATreeThatPassesALimitLater) {
  const Guardian guardian({Kind::kDomain, Spin, [](Guarded*) {}, TreeLimits{0, 0, 200}});
  CHECK_EQUAL(guardian.IsGuarding(), true);
  CHECK_EQUAL(guardian.Status(), Passed(kCpuPassed));
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
}

TEST(GuardsATreeWithinItsLimits) {
  const Guardian guardian({Kind::kDomain, Pause, [](Guarded*) {}, TreeLimits{0, 1, 0}});
  CHECK_EQUAL(guardian.IsGuarding(), true);
  kill(guardian.first(), SIGTERM);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGTERM);
}

// Nanoseconds that the scheduler lets a thread run at a time; 0 before Linux 6.12.
uint64_t SliceOf(pid_t thread) {
  sched_attr attributes = {};
  CHECK_EQUAL(syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0), 0);
  return attributes.sched_runtime;
}

uint64_t ShortestSliceOf(pid_t process) {
  uint64_t shortest = SliceOf(process);
  NumberedEntries threads(AT_FDCWD, "/proc", std::to_string(process) + "/task");
  while (const char* thread = threads.Next()) shortest = std::min(shortest, SliceOf(std::stoi(thread)));
  return shortest;
}

TEST(WakesBeforeTheProcessesOfItsTree) {
  const uint64_t usual = SliceOf(0);
  if (usual == 0) Skip("Linux before 6.12");
  const Guardian guardian({Kind::kDomain, Pause, [](Guarded*) {}, TreeLimits{0, 1, 0}});
  CHECK_EQUAL(guardian.IsGuarding(), true);
  CHECK_EQUAL(ShortestSliceOf(guardian.process()), std::min<uint64_t>(usual, 100'000));
  CHECK_EQUAL(SliceOf(guardian.first()), usual);
  kill(guardian.first(), SIGTERM);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
}

TEST(EndsATreeThatItCannotWeigh) {
  // As its first process, the guardian takes its own, which it does not weigh.
  const Guardian guardian(
      {Kind::kDomain, Pause, [](Guarded* guarded) { guarded->child = getpid(); }, TreeLimits{0, 1, 0}});
  CHECK_EQUAL(guardian.Status(), kProcessesUnknown | kNotWeighed << kVerdictShift);
  CHECK_EQUAL(guardian.IsGuarding(), false);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
}

// --- Processes that outlive the first one ----------------------------------------------------------------------------

TEST(LetsProcessesOutliveTheFirstOneUntilItIsToEndThem) {
  const Ready ready;
  const Guardian guardian({Kind::kDomain, WithSecond(ready), [](Guarded*) {}, TreeLimits{0, 0, 0, 1}});
  const pid_t second = ready.Next();
  CHECK_EQUAL(guardian.IsGuarding(), true);
  const auto send_signal = [&guardian](int32_t signal) {
    CHECK_EQUAL(send(guardian.control(), &signal, sizeof signal, 0), static_cast<ssize_t>(sizeof signal));
  };
  kill(guardian.first(), SIGTERM);
  // Until the first one has ended, and has left the second one to this process.
  while (waitpid(second, nullptr, WNOHANG) == -1) sched_yield();
  send_signal(SIGUSR1);
  CHECK_EQUAL(SignalThatEnded(second), SIGUSR1);
  send_signal(SIGKILL);
  CHECK_EQUAL(guardian.Status(), kTreeEnded);
}

// --- A guardian without a filter -------------------------------------------------------------------------------------

// Attaches a filter to this thread, under which seccomp(2) fails with EPERM.
void DenySeccomp() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {std::size(program), program};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(prctl(PR_SET_SECCOMP, static_cast<long>(SECCOMP_MODE_FILTER), &filter, 0L, 0L), 0);
}

TEST(EndsATreeIfItsOwnFilterCannotBeAttached) {
  const Guardian guardian({Kind::kGroup, Pause, [](Guarded*) { DenySeccomp(); }});
  CHECK_EQUAL(guardian.Status(), kNotConfined);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGKILL);
}

// --- Where it must not signal
// -----------------------------------------------------------------------------------------

// Returns the status of a guardian, and checks that it has not signalled the first process.
int StatusWithoutSignals(const Setup& setup) {
  const Guardian guardian(setup);
  const int status = guardian.Status();
  CHECK_EQUAL(guardian.IsGuarding(), false);
  kill(guardian.first(), SIGTERM);
  CHECK_EQUAL(SignalThatEnded(guardian.first()), SIGTERM);
  return status;
}

TEST(KillsNothingOutsideOfADomain) { CHECK_EQUAL(StatusWithoutSignals({Kind::kNeither}), kNotGuarding); }

TEST(KillsNothingOutsideOfADomainIfItIsAdopted) {
  CHECK_EQUAL(StatusWithoutSignals({Kind::kNeither, Pause, [](Guarded* guarded) { guarded->is_adopted = true; }}),
              kNotGuarding);
}

TEST(KillsNothingInAGroupWithoutAHolder) {
  // The group of the test, in which the guardian has no child.
  const auto change = [](Guarded* guarded) {
    CHECK_EQUAL(setpgid(guarded->child, 0), 0);
    guarded->group = getpgrp();
  };
  CHECK_EQUAL(StatusWithoutSignals({Kind::kNeither, Pause, change}), kNotGuarding);
}

TEST(KillsNothingWithoutASocketOrAFirstProcess) {
  CHECK_EQUAL(StatusWithoutSignals({Kind::kDomain, Pause,
                                    [](Guarded* guarded) {
                                      close(guarded->control);
                                      close(guarded->child_pidfd);
                                    }}),
              kNotGuarding);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
