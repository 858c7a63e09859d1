// Tests of CallKinds. Reads of the notified thread take as long as a test needs. Run as `call_kinds_test NAME`.
#include "supervisor/call_kinds.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "check.h"
#include "supervisor/notified_thread.h"

namespace seccomp {
namespace {

// Blocks reads of the notified thread until it is opened.
class Gate {
 public:
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitReader() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return reached_; });
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false, open_ = false;
};

Gate executables, memory;

}  // namespace

// In place of notified_thread.cc.
std::string ReadMemory(pid_t, uint64_t, size_t) {
  memory.Pass();
  return "read";
}
std::string Executable(pid_t) {
  executables.Pass();
  return "/bin/true";
}
std::string ModuleAt(pid_t, uint64_t) { return "/bin/true+0x10"; }
pid_t ProcessOf(pid_t thread) { return thread; }

namespace test {
namespace {

constexpr uint32_t kArch = 0xc000003e;
constexpr uint32_t kAnswer = SECCOMP_RET_ERRNO;
constexpr pid_t kThread = 42;

seccomp_data Call(int number) {
  seccomp_data call = {};
  call.nr = number;
  call.arch = kArch;
  return call;
}

// Counts a call whose reads wait for `gate`, and reads the kinds meanwhile.
void CheckReadersGoOn(const Supervision& supervision, Gate* gate) {
  CallKinds kinds;
  std::optional<uint32_t> index;
  std::thread counting([&] { index = kinds.Count(supervision, Call(1), kAnswer, kThread); });
  gate->AwaitReader();
  uint64_t others = 0;
  CHECK_EQUAL(kinds.Counts(&others).size(), 0U);
  CHECK_EQUAL(kinds.At(0).has_value(), false);
  gate->Open();
  counting.join();
  CHECK_EQUAL(index.value_or(99), 0U);
  CHECK_EQUAL(kinds.At(0).value_or(CallKind()).executable, "/bin/true");
  CHECK_EQUAL(kinds.Counts(&others).at(0), 1U);
}

TEST(ReadersDoNotWaitForReadsOfTheNotifiedThread) {
  memory.Open();
  CheckReadersGoOn(Supervision(), &executables);
}

TEST(ReadersDoNotWaitForReadsOfMemoryWhenAllCallsAreCounted) {
  executables.Open();
  Supervision supervision;
  supervision.counts_all = true;
  supervision.traits[Supervision::Key(kArch, 1)].captures.push_back({0, true, 16, std::nullopt});
  CheckReadersGoOn(supervision, &memory);
}

TEST(CountsKindsUpToALimitAndFurtherOnesTogether) {
  executables.Open();
  CallKinds kinds;
  for (int round = 0; round < 2; round++) {
    for (int number = 0; number < static_cast<int>(CallKinds::kMaxKinds) + 3; number++) {
      const bool is_new = round == 0 && number < static_cast<int>(CallKinds::kMaxKinds);
      CHECK_EQUAL(kinds.Count(Supervision(), Call(number), kAnswer, kThread).has_value(), is_new);
    }
  }
  uint64_t others = 0;
  const std::vector<uint64_t> counts = kinds.Counts(&others);
  CHECK_EQUAL(counts.size(), CallKinds::kMaxKinds);
  for (const uint64_t count : counts) CHECK_EQUAL(count, 2U);
  CHECK_EQUAL(others, 6U);
}

}  // namespace
}  // namespace test
}  // namespace seccomp

int main(int count, char** arguments) {
  if (count != 2) return 2;
  return seccomp::test::RunTest(arguments[1]);
}
