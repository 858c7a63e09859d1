// Tests of a guardian's decisions by what it has weighed, and of its weighing. Run as `weigh_test NAME`.
#include "guardian/weigh.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "guardian/clock.h"
#include "guardian/members.h"
#include "guardian/process_files.h"
#include "test/check.h"

namespace seccomp::test {
namespace {

Weight Pages(uint64_t pages) { return {pages, 0, 0}; }
Weight Threads(uint64_t threads) { return {0, threads, 0}; }
Weight Ticks(uint64_t ticks) { return {0, 0, ticks}; }

TEST(MemoryIsPassedAtTheSecondLookInARow) {
  Scales scales({100, 0, 0});
  CHECK_EQUAL(scales.Compare(Pages(100), 0), kWithinLimits);
  CHECK_EQUAL(scales.pause(), kLookInterval);
  CHECK_EQUAL(scales.Compare(Pages(101), 100), kWithinLimits);
  CHECK_EQUAL(scales.pause(), kSecondLook);
  CHECK_EQUAL(scales.Compare(Pages(100), 120), kWithinLimits);
  CHECK_EQUAL(scales.pause(), kLookInterval);
  CHECK_EQUAL(scales.Compare(Pages(5000), 220), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Pages(101), 240), kMemoryPassed);
}

TEST(ProcessesArePassedAtOnce) {
  Scales scales({0, 5, 0});
  CHECK_EQUAL(scales.Compare(Threads(5), 0), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Threads(6), 100), kProcessesPassed);
}

TEST(WithoutALimitNothingIsPassed) {
  Scales scales({0, 0, 1'000'000});
  CHECK_EQUAL(scales.Compare({1ULL << 50, 1ULL << 30, 0}, 0), kWithinLimits);
  CHECK_EQUAL(scales.Compare({1ULL << 50, 1ULL << 30, 0}, 100), kWithinLimits);
}

// Half a CPU: 5 s of CPU time, 500 ticks, in 10 s.
TEST(CpuTimeIsPassedAsSoonAsAWindowHasNoneLeft) {
  Scales scales({0, 0, 5000});
  CHECK_EQUAL(scales.Compare(Ticks(0), 0), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(500), 1000), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(501), 1100), kCpuPassed);
}

TEST(CpuTimeOfBeforeTheWindowDoesNotCount) {
  Scales scales({0, 0, 5000});
  int64_t now = 0;
  uint64_t ticks = 0;
  CHECK_EQUAL(scales.Compare(Ticks(0), now), kWithinLimits);
  ticks += 400;
  CHECK_EQUAL(scales.Compare(Ticks(ticks), now += 100), kWithinLimits);
  while (now < 10'000) CHECK_EQUAL(scales.Compare(Ticks(ticks), now += 100), kWithinLimits);
  ticks += 101;  // With the 400 of the first 100 ms, too many.
  CHECK_EQUAL(Scales(scales).Compare(Ticks(ticks), now), kCpuPassed);
  CHECK_EQUAL(Scales(scales).Compare(Ticks(ticks + 400), now + 100), kCpuPassed);
  CHECK_EQUAL(scales.Compare(Ticks(ticks + 399), now + 100), kWithinLimits);
}

// As while memory is above its limit.
TEST(CpuTimeOfTheWholeWindowCountsWhateverTheIntervalOfLooks) {
  for (const int64_t interval : {kSecondLook, int64_t{50}, kLookInterval - 1, kLookInterval, 2 * kLookInterval}) {
    Scales scales({0, 0, 5000});
    int64_t now = 0;
    CHECK_EQUAL(scales.Compare(Ticks(0), now), kWithinLimits);
    while (now + interval < kCpuWindow) CHECK_EQUAL(scales.Compare(Ticks(400), now += interval), kWithinLimits);
    CHECK_EQUAL(Scales(scales).Compare(Ticks(500), now), kWithinLimits);
    CHECK_EQUAL(Scales(scales).Compare(Ticks(501), now), kCpuPassed);
    // When the window begins after the 400.
    CHECK_EQUAL(scales.Compare(Ticks(900), now + kLookInterval + 2 * interval), kWithinLimits);
  }
}

TEST(AnExactRateIsAllowedForEver) {
  Scales scales({0, 0, 5000});
  int64_t now = 0;
  uint64_t ticks = 0;
  for (int i = 0; i < 1000; i++) CHECK_EQUAL(scales.Compare(Ticks(ticks += 5), now += 100), kWithinLimits);
  Verdict verdict = kWithinLimits;
  for (int i = 0; i < 102 && verdict == kWithinLimits; i++) verdict = scales.Compare(Ticks(ticks += 6), now += 100);
  CHECK_EQUAL(verdict, kCpuPassed);
}

TEST(ALateLookIsNoReason) {
  Scales scales({0, 0, 5000});
  int64_t now = 0;
  uint64_t ticks = 0;
  for (int i = 0; i < 20; i++) CHECK_EQUAL(scales.Compare(Ticks(ticks += 225), now += 4500), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(ticks += 2000), now += 40'000), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(ticks += 1501), now += 30'000), kCpuPassed);
}

TEST(TimeOfProcessesThatNobodyWaitsForStays) {
  Scales scales({0, 0, 5000});
  CHECK_EQUAL(scales.Compare(Ticks(0), 0), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(300), 100), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(0), 200), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(200), 300), kWithinLimits);
  CHECK_EQUAL(scales.Compare(Ticks(201), 400), kCpuPassed);
}

constexpr size_t kMebibyte = 1 << 20;

void WaitUntilDue(const Weigher& weigher) {
  while (weigher.Remaining() > 0) continue;
}

// Whether weighing passes a limit of memory. The processes that this one may signal are weighed, save itself: with a
// user that no other process has, its children.
class WeighedAlone {
 public:
  WeighedAlone() {
    const uid_t user = 1'000'000 + static_cast<uid_t>(getpid());
    if (getuid() != 0 || setresuid(user, user, user) != 0) Skip("needs root, and any user ID");
  }

  static Verdict Weigh(const TreeLimits& limits, pid_t child) {
    Weigher weigher(limits, getpid(), child);
    const Verdict first = weigher.WeighIfDue();
    if (first != kWithinLimits || weigher.Remaining() > kSecondLook) return first;
    WaitUntilDue(weigher);
    return weigher.WeighIfDue();
  }

  // Starts a process that calls `run` and waits to be killed.
  template <typename Run>
  static pid_t Start(Run run) {
    int ready[2];
    CHECK_EQUAL(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      run(ready[1]);
      for (;;) pause();
    }
    char byte = 0;
    close(ready[1]);
    CHECK_EQUAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
  }

  static void End(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
};

void SayReady(int ready) { static_cast<void>(write(ready, "", 1)); }

void Fill(size_t megabytes) {
  void* memory = mmap(nullptr, megabytes * kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) memset(memory, 1, megabytes * kMebibyte);
}

uint64_t PagesIn(size_t megabytes) { return megabytes * kMebibyte / static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

TEST(WeighsAllProcesses) {
  const WeighedAlone alone;
  const auto fill = [](int ready) {
    Fill(24);
    SayReady(ready);
  };
  const pid_t one = WeighedAlone::Start(fill);
  const pid_t other = WeighedAlone::Start(fill);
  CHECK_EQUAL(WeighedAlone::Weigh({PagesIn(40), 0, 0}, one), kMemoryPassed);
  CHECK_EQUAL(WeighedAlone::Weigh({PagesIn(80), 0, 0}, one), kWithinLimits);
  CHECK_EQUAL(WeighedAlone::Weigh({0, 1, 0}, one), kProcessesPassed);
  CHECK_EQUAL(WeighedAlone::Weigh({0, 2, 0}, one), kWithinLimits);
  WeighedAlone::End(one);
  WeighedAlone::End(other);
}

int ready_pipe = -1;

void* FillInThread(void*) {
  // The first thread is shown as ended when it has no memory any more.
  for (std::string text = "x"; !text.empty() && text[0] != '0';) {
    char bytes[64] = {};
    FILE* file = fopen("/proc/self/statm", "r");
    if (file == nullptr || fgets(bytes, sizeof bytes, file) == nullptr) _exit(1);
    static_cast<void>(fclose(file));
    text = bytes;
  }
  Fill(24);
  static_cast<void>(write(ready_pipe, "", 1));
  for (;;) pause();
}

TEST(WeighsAProcessWhoseFirstThreadHasEnded) {
  const WeighedAlone alone;
  const pid_t pid = WeighedAlone::Start([](int ready) {
    ready_pipe = ready;
    pthread_t thread = {};
    if (pthread_create(&thread, nullptr, FillInThread, nullptr) == 0) pthread_exit(nullptr);
  });
  CHECK_EQUAL(WeighedAlone::Weigh({PagesIn(20), 0, 0}, pid), kMemoryPassed);
  CHECK_EQUAL(WeighedAlone::Weigh({PagesIn(60), 0, 0}, pid), kWithinLimits);
  WeighedAlone::End(pid);
}

TEST(CountsTheThreadsOfAZombieAndNoMemory) {
  const WeighedAlone alone;
  const pid_t pid = WeighedAlone::Start(SayReady);
  const pid_t zombie = WeighedAlone::Start([](int ready) {
    SayReady(ready);
    static_cast<void>(raise(SIGKILL));
  });
  siginfo_t ended = {};
  CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(zombie), &ended, WEXITED | WNOWAIT), 0);
  CHECK_EQUAL(WeighedAlone::Weigh({0, 1, 0}, pid), kProcessesPassed);
  CHECK_EQUAL(WeighedAlone::Weigh({0, 2, 0}, pid), kWithinLimits);
  WeighedAlone::End(pid);
  CHECK_EQUAL(WeighedAlone::Weigh({1, 0, 0}, zombie), kWithinLimits);
  WeighedAlone::End(zombie);
}

TEST(ForgetsAtARestartThatMemoryWasAboveItsLimit) {
  const WeighedAlone alone;
  const pid_t pid = WeighedAlone::Start(SayReady);
  Weigher weigher({1, 0, 0}, getpid(), pid);
  CHECK_EQUAL(weigher.WeighIfDue(), kWithinLimits);
  const int64_t begin = Nanoseconds() / 1'000'000;
  weigher.Restart();
  WaitUntilDue(weigher);
  CHECK_EQUAL(Nanoseconds() / 1'000'000 - begin >= kLookInterval, true);
  CHECK_EQUAL(weigher.WeighIfDue(), kWithinLimits);
  WaitUntilDue(weigher);
  CHECK_EQUAL(weigher.WeighIfDue(), kMemoryPassed);
  WeighedAlone::End(pid);
}

// Whether a tree is counted before it is due, when up to 1000 processes are added to it. It is not if the system loses
// more threads meanwhile.
bool IsCountedBeforeItIsDue() {
  constexpr int64_t kHour = 3'600'000;
  constexpr int kMostProcesses = 1000;
  std::vector<pid_t> processes = {WeighedAlone::Start(SayReady)};
  Weigher weigher({0, 4, 0}, getpid(), processes[0]);
  Weigher without({1, 0, 0}, getpid(), processes[0]);
  for (Weigher* each : {&weigher, &without}) {
    CHECK_EQUAL(each->WeighIfDue(), kWithinLimits);
    each->Restart(kHour);
    CHECK_EQUAL(each->WeighIfDue(), kWithinLimits);
  }
  CHECK_EQUAL(weigher.Remaining() <= kCountInterval, true);
  CHECK_EQUAL(without.Remaining() > kCountInterval, true);
  // Each takes a millisecond or longer: after kCountInterval, the system has more threads than before.
  Verdict verdict = kWithinLimits;
  while (verdict == kWithinLimits && processes.size() < kMostProcesses) {
    processes.push_back(WeighedAlone::Start(SayReady));
    static_cast<void>(poll(nullptr, 0, 1));
    verdict = weigher.WeighIfDue();
  }
  CHECK_EQUAL(verdict == kWithinLimits || verdict == kProcessesPassed, true);
  CHECK_EQUAL(without.WeighIfDue(), kWithinLimits);
  for (const pid_t pid : processes) WeighedAlone::End(pid);
  return verdict == kProcessesPassed;
}

TEST(CountsATreeThatMultipliesBeforeItIsDue) {
  const WeighedAlone alone;
  while (!IsCountedBeforeItIsDue()) continue;
}

// The members that are found.
std::vector<pid_t> Look(Members* members, bool lists) {
  std::vector<pid_t> found;
  NumberedEntries proc(AT_FDCWD, "/proc", "");
  members->Begin(lists, Nanoseconds() / 1'000'000);
  while (const pid_t id = members->Next(&proc)) found.push_back(id);
  CHECK_EQUAL(members->is_known(), true);
  std::sort(found.begin(), found.end());
  return found;
}

// Returns a process whose ID is at most `most` above that of `first`. The kernel may begin again at the lowest one.
pid_t StartAfter(pid_t first, int32_t most) {
  for (;;) {
    const pid_t pid = WeighedAlone::Start(SayReady);
    if (pid > first && pid - first <= most) return pid;
    WeighedAlone::End(pid);
  }
}

TEST(FindsAProcessOnceHoweverManyThreadsItHas) {
  const WeighedAlone alone;
  const pid_t first = StartAfter(0, std::numeric_limits<int32_t>::max());
  Members members(getpid(), first);
  CHECK_EQUAL(Look(&members, false) == std::vector<pid_t>{first}, true);
  const pid_t pid = WeighedAlone::Start([](int ready) {
    const auto wait = [](void*) -> void* {
      for (;;) pause();
    };
    pthread_t thread = {};
    for (int i = 0; i < 5; i++) {
      if (pthread_create(&thread, nullptr, wait, nullptr) != 0) return;
    }
    SayReady(ready);
  });
  CHECK_EQUAL(Look(&members, false) == (std::vector<pid_t>{first, pid}), true);
  WeighedAlone::End(first);
  WeighedAlone::End(pid);
}

TEST(FindsMembersByAskingForTheirIds) {
  const WeighedAlone alone;
  const pid_t first = StartAfter(0, std::numeric_limits<int32_t>::max());
  Members members(getpid(), first);
  CHECK_EQUAL(Look(&members, false) == std::vector<pid_t>{first}, true);
  const pid_t second = StartAfter(first, 1000);
  const pid_t third = StartAfter(second, 1000);
  for (int i = 0; i < 3; i++) CHECK_EQUAL(Look(&members, false) == (std::vector<pid_t>{first, second, third}), true);
  WeighedAlone::End(second);
  CHECK_EQUAL(Look(&members, false) == (std::vector<pid_t>{first, third}), true);
  CHECK_EQUAL(Look(&members, true) == (std::vector<pid_t>{first, third}), true);
  // A look that was not ended has found too few to go on with.
  NumberedEntries proc(AT_FDCWD, "/proc", "");
  members.Begin(true, 0);
  CHECK_EQUAL(members.Next(&proc), first);
  CHECK_EQUAL(Look(&members, false) == (std::vector<pid_t>{first, third}), true);
  WeighedAlone::End(first);
  WeighedAlone::End(third);
  CHECK_EQUAL(Look(&members, false).empty(), true);
}

// A process that forks another and ends, over and over, would else always have an ID that is asked for later.
TEST(AsksForTheNewestIdsFirst) {
  const WeighedAlone alone;
  const pid_t first = StartAfter(0, std::numeric_limits<int32_t>::max());
  Members members(getpid(), first);
  Look(&members, true);
  const pid_t second = StartAfter(first, 1000);
  const pid_t third = StartAfter(second, 1000);
  NumberedEntries proc(AT_FDCWD, "/proc", "");
  members.Begin(false, 0);
  for (const pid_t expected : {third, second, first, 0}) CHECK_EQUAL(members.Next(&proc), expected);
  WeighedAlone::End(first);
  WeighedAlone::End(second);
  WeighedAlone::End(third);
}

TEST(TellsThatAProcessIsHidden) {
  const WeighedAlone alone;
  // The parent's ID, of a process that it may signal, but which is weighed as the caller itself.
  const pid_t pid = WeighedAlone::Start(SayReady);
  Weigher weigher({1, 1, 1}, pid, pid);
  CHECK_EQUAL(weigher.WeighIfDue(), kNotWeighed);
  WeighedAlone::End(pid);
  Weigher ended({1, 1, 1}, getpid(), pid);
  CHECK_EQUAL(ended.WeighIfDue(), kWithinLimits);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
