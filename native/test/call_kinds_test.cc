// Tests of CallKinds. Reads of the notified thread take as long as a test needs. Run as `call_kinds_test NAME`.
#include "supervisor/call_kinds.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "other_process.h"
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

// The memory of the notified thread, by address.
std::map<uint64_t, std::string> contents = {{0, "read"}};
// The sizes that were asked for.
std::vector<size_t> sizes;

}  // namespace

// In place of notified_thread.cc. NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::string ReadMemory(pid_t, uint64_t address, size_t size) {
  memory.Pass();
  sizes.push_back(size);
  const auto found = contents.find(address);
  return found == contents.end() ? "" : found->second.substr(0, size);
}
std::string StatusText(pid_t) { return "\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\nCapEff:\tffffffffff\n"; }
std::string StatusField(const std::string& status, const char* name) {
  const size_t at = status.find(std::string("\n") + name + ":");
  const size_t first = at + std::string(name).size() + 2;
  return status.substr(first, status.find('\n', first) - first);
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

seccomp_data Call(int number, std::initializer_list<uint64_t> args = {}) {
  seccomp_data call = {};
  call.nr = number;
  call.arch = kArch;
  std::copy(args.begin(), args.end(), call.args);
  return call;
}

// Counts calls whose captures are those of call 1.
class Counter {
 public:
  explicit Counter(std::vector<Capture> captures) {
    executables.Open();
    memory.Open();
    traits().captures = std::move(captures);
  }

  CallTraits& traits() { return supervision_.traits[Supervision::Key(kArch, 1)]; }
  Supervision& supervision() { return supervision_; }
  bool IsNew(const seccomp_data& call, uint32_t answer = kAnswer) {
    return kinds_.Count(supervision_, call, answer, kThread).has_value();
  }
  bool IsNew(std::initializer_list<uint64_t> args) { return IsNew(Call(1, args)); }
  CallKind At(uint32_t index) const { return kinds_.At(index).value_or(CallKind()); }

 private:
  Supervision supervision_;
  CallKinds kinds_;
};

constexpr Capture kText = {0, true, 16, std::nullopt};
constexpr Capture kMoreText = {1, true, 16, std::nullopt};

// Counts a call whose reads wait for `gate`, and reads the kinds meanwhile.
void CheckReadersGoOn(const Supervision& supervision, Gate* gate) {
  CallKinds kinds;
  std::optional<uint32_t> index;
  std::thread counting([&] { index = kinds.Count(supervision, Call(1), kAnswer, kThread); });
  gate->AwaitReader();
  OtherCalls others;
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

TEST(CountsCallsByTheFilesThatTheyName) {
  executables.Open();
  memory.Open();
  PathTraits traits;
  traits.paths.push_back({0, std::nullopt, std::nullopt, 0});
  traits.distinguishing = 1U << 2;
  traits.flags = 3;
  contents[1] = std::string("/proc\0", 6);
  contents[2] = std::string("/sys\0", 5);
  CallKinds kinds;
  const auto count = [&](const seccomp_data& call) {
    return kinds.CountFiles(traits, call, SECCOMP_RET_ALLOW, getpid(), [] { return true; }).value_or(99);
  };
  CHECK_EQUAL(count(Call(1, {1})), 0U);
  CHECK_EQUAL(count(Call(1, {1, 7})), 99U);       // Of the same kind: the argument tells nothing apart.
  CHECK_EQUAL(count(Call(1, {1, 7, 8})), 1U);     // Another argument that tells kinds apart.
  CHECK_EQUAL(count(Call(1, {2})), 2U);           // Another path.
  CHECK_EQUAL(count(Call(1, {3})), 99U);          // No path: not counted.
  CHECK_EQUAL(count(Call(1, {1, 0, 0, 9})), 3U);  // Other flags.
  OtherCalls others;
  const std::vector<uint64_t> counts = kinds.Counts(&others);
  CHECK_EQUAL(counts.size(), 4U);
  CHECK_EQUAL(counts.at(0), 2U);
  const CallKind first = kinds.At(0).value_or(CallKind());
  CHECK_EQUAL(first.files.at(0).file.path, "/proc");
  CHECK_EQUAL(first.answer, static_cast<uint32_t>(SECCOMP_RET_ALLOW));
  CHECK_EQUAL(first.flags, 0U);
  CHECK_EQUAL(kinds.At(3).value_or(CallKind()).flags, 9U);
}

// Counts calls whose first argument is a path, and whose third one tells kinds apart.
class FileCounter {
 public:
  explicit FileCounter(bool is_recording = false) : kinds_(is_recording) {
    executables.Open();
    memory.Open();
    traits_.paths.push_back({0, std::nullopt, std::nullopt, 0});
    traits_.distinguishing = 1U << 2;
  }
  bool IsNew(const std::string& path, uint64_t argument = 0, pid_t thread = getpid(), bool is_waiting = true) {
    contents[1] = path + '\0';
    const auto waits = [=] { return is_waiting; };
    return kinds_.CountFiles(traits_, Call(1, {1, 0, argument}), SECCOMP_RET_ALLOW, thread, waits).has_value();
  }
  CallKinds& kinds() { return kinds_; }
  uint64_t CountUnseen(Unseen why) const {
    OtherCalls others;
    kinds_.Counts(&others);
    return others.unseen[static_cast<size_t>(why)];
  }

 private:
  PathTraits traits_;
  CallKinds kinds_;
};

TEST(CountsCallsOfWhichItIsNotKnownWhichFilesTheyName) {
  FileCounter counter;
  CHECK_EQUAL(counter.IsNew("/proc/self/cwd/."), false);
  CHECK_EQUAL(counter.IsNew("/proc/self/cwd/."), false);
  CHECK_EQUAL(counter.IsNew("/proc/self/cwd/.", 0, getpid(), false), false);  // Its caller has died.
  CHECK_EQUAL(counter.IsNew("/nowhere/file"), false);                         // It fails anyway.
  CHECK_EQUAL(counter.CountUnseen(Unseen::kNotFound), 2U);
  CHECK_EQUAL(counter.IsNew("/proc", 0, 1 << 30), false);  // The rights of no thread.
  CHECK_EQUAL(counter.CountUnseen(Unseen::kUnreadable), geteuid() == 0 ? 1U : 0U);
}

TEST(TellsFilesInAProcesssOwnDirectoryOfProcApartByTheirTextOnly) {
  const Other other([] { return true; });
  FileCounter counter;
  CHECK_EQUAL(counter.IsNew("/proc/self/status"), true);
  CHECK_EQUAL(counter.IsNew("/proc/self/status", 0, other.pid()), false);
  CHECK_EQUAL(counter.IsNew("/proc/self/stat"), true);
  const std::string its = "/proc/" + std::to_string(other.pid()) + "/status";
  CHECK_EQUAL(counter.IsNew(its), true);  // Another process's.
  CHECK_EQUAL(counter.IsNew(its), false);
  CHECK_EQUAL(counter.IsNew("/proc/version"), true);
  CHECK_EQUAL(counter.IsNew("/proc/version", 0, other.pid()), false);
}

TEST(TellsFilesApartByTheirPlacesAndTypes) {
  namespace fs = std::filesystem;
  std::string name = fs::temp_directory_path() / "call_kinds_test.XXXXXX";
  const fs::path directory = mkdtemp(name.data());
  for (const char* each : {"a", "b"}) {
    fs::create_directory(directory / each);
    std::ofstream(directory / each / "file").put('x');
  }
  FileCounter counter;
  for (const char* each : {"a", "b"}) {  // By the working directory.
    fs::current_path(directory / each);
    CHECK_EQUAL(counter.IsNew("file"), true);
    CHECK_EQUAL(counter.IsNew("file"), false);
  }
  const std::string link = directory / "link";
  for (const char* each : {"a", "b", "a/file", "gone"}) {  // By the target.
    fs::remove(link);
    fs::create_symlink(each, link);
    CHECK_EQUAL(counter.IsNew(link), true);
    CHECK_EQUAL(counter.IsNew(link), false);
  }
  fs::remove(link);
  fs::create_directory(link);  // By the type.
  CHECK_EQUAL(counter.IsNew(link), true);
  fs::current_path("/");
  fs::remove_all(directory);
}

TEST(TellsFilesApartThatHadTheSameName) {
  namespace fs = std::filesystem;
  std::string name = fs::temp_directory_path() / "call_kinds_test.XXXXXX";
  const fs::path directory = mkdtemp(name.data());
  FileCounter counter;
  for (const char* each : {"file", "new"}) std::ofstream(directory / each).put('x');
  CHECK_EQUAL(counter.IsNew(directory / "file"), true);
  CHECK_EQUAL(counter.IsNew(directory / "file"), false);
  fs::rename(directory / "new", directory / "file");
  CHECK_EQUAL(counter.IsNew(directory / "file"), true);
  fs::rename(directory, directory.string() + "-old");
  fs::create_directory(directory);
  fs::rename(directory.string() + "-old/file", directory / "file");  // Beneath another directory.
  CHECK_EQUAL(counter.IsNew(directory / "file"), true);
  const Descriptor one(open((directory / "file").c_str(), O_RDONLY));
  const std::string link = "/proc/self/fd/" + std::to_string(one.get());
  CHECK_EQUAL(counter.IsNew(link), true);
  const Descriptor another(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  CHECK_EQUAL(another.get() >= 0 && dup2(another.get(), one.get()) == one.get(), true);
  CHECK_EQUAL(counter.IsNew(link), true);  // Another file by the same link.
  fs::remove_all(directory);
  fs::remove_all(directory.string() + "-old");
}

void CountsKindsUpToTheirBytes(bool is_recording) {
  FileCounter counter(is_recording);
  std::string path = "/proc";
  while (path.size() + 2 < PATH_MAX) path += "/.";
  // As CountFiles makes it: number, ABI and flags of the call, the argument, and each text with its end.
  FileCounter other;
  CHECK_EQUAL(other.IsNew(path), true);
  const size_t lineage = other.kinds().At(0).value_or(CallKind()).files.at(0).file.lineage.size();
  const size_t key = 5 + 4 + 4 + 8 + 8 + path.size() + std::string("/proc").size() + lineage + 4 + 2;
  const size_t size = sizeof(CallKind) + sizeof(NamedFile) + 2 * key + std::string("/bin/true").size();
  const size_t bytes = CallKinds::kMaxBytes * (is_recording ? CallKinds::kTimesMoreInRecordings : 1);
  const size_t most = (bytes + size - 1) / size;
  for (size_t i = 0; i < most; i++) CHECK_EQUAL(counter.IsNew(path, i), true);
  for (const size_t i : {size_t{0}, most / 2, most}) CHECK_EQUAL(counter.IsNew(path, i), false);
  OtherCalls others;
  const std::vector<uint64_t> counts = counter.kinds().Counts(&others);
  CHECK_EQUAL(counter.CountUnseen(Unseen::kNoRoom), 1U);
  CHECK_EQUAL(counts.size(), most);
  CHECK_EQUAL(counts[0], 2U);
  CHECK_EQUAL(counts[1], 1U);
  CHECK_EQUAL(others.calls, 0U);
  CHECK_EQUAL(counter.kinds().Count(Supervision(), Call(1), kAnswer, kThread).has_value(), true);
}

TEST(CountsKindsWithFilesUpToALimitOfTheirBytes) { CountsKindsUpToTheirBytes(false); }

TEST(CountsMoreKindsWithFilesInARecording) { CountsKindsUpToTheirBytes(true); }

TEST(CountsKindsUpToALimitAndFurtherOnesTogether) {
  executables.Open();
  CallKinds kinds;
  for (int round = 0; round < 2; round++) {
    for (int number = 0; number < static_cast<int>(CallKinds::kMaxKinds) + 3; number++) {
      const bool is_new = round == 0 && number < static_cast<int>(CallKinds::kMaxKinds);
      CHECK_EQUAL(kinds.Count(Supervision(), Call(number), kAnswer, kThread).has_value(), is_new);
    }
  }
  OtherCalls others;
  const std::vector<uint64_t> counts = kinds.Counts(&others);
  CHECK_EQUAL(counts.size(), CallKinds::kMaxKinds);
  for (const uint64_t count : counts) CHECK_EQUAL(count, 2U);
  CHECK_EQUAL(others.calls, 6U);
}

TEST(TellsKindsApartByTheMemoryToWhichArgumentsPoint) {
  contents = {{10, "/one"}, {20, "/two"}, {30, "/one"}};
  Counter counter({kText});
  CHECK_EQUAL(counter.IsNew({10}), true);
  CHECK_EQUAL(counter.IsNew({20}), true);
  CHECK_EQUAL(counter.IsNew({30}), false);
  CHECK_EQUAL(counter.IsNew({10}), false);
  CHECK_EQUAL(counter.At(1).captured[0].value_or("(none)"), "/two");
}

TEST(TellsKindsApartByTheArgumentToWhichTheMemoryBelongs) {
  contents = {{10, "ab"}, {20, "c"}, {30, "a"}, {40, "bc"}, {50, std::string(1, '\0')}};
  Counter counter({kText, kMoreText});
  CHECK_EQUAL(counter.IsNew({10, 20}), true);
  CHECK_EQUAL(counter.IsNew({30, 40}), true);
  CHECK_EQUAL(counter.IsNew({20, 10}), true);
  CHECK_EQUAL(counter.IsNew({10, 99}), true);   // Memory that cannot be read.
  CHECK_EQUAL(counter.IsNew({10, 50}), true);   // An empty string.
  CHECK_EQUAL(counter.IsNew({10, 98}), false);  // As the one before the last.
  CHECK_EQUAL(counter.At(3).captured[1].has_value(), false);
  CHECK_EQUAL(counter.At(4).captured[1].value_or("(none)"), "");
}

TEST(CutsTextAtItsEndAndBytesAtTheirNumber) {
  contents = {{10, std::string("a\0b", 3)}, {20, std::string("a\0c", 3)}};
  Counter text({kText});
  CHECK_EQUAL(text.IsNew({10}), true);
  CHECK_EQUAL(text.IsNew({20}), false);
  CHECK_EQUAL(text.At(0).captured[0].value_or("(none)"), "a");
  Counter bytes({{0, false, 16, uint8_t{2}}});
  CHECK_EQUAL(bytes.IsNew({10, 0, 3}), true);
  CHECK_EQUAL(bytes.IsNew({20, 0, 3}), true);
  CHECK_EQUAL(bytes.IsNew({10, 0, 2}), true);
  CHECK_EQUAL(bytes.IsNew({20, 0, 2}), false);
  CHECK_EQUAL(bytes.At(0).captured[0].value_or("(none)"), contents[10]);
  sizes.clear();
  bytes.IsNew({10, 0, 1000});
  bytes.IsNew({10, 0, 4});
  CHECK_EQUAL(sizes == std::vector<size_t>({16, 4}), true);
}

TEST(TellsKindsApartByNumberAbiAnswerAndDistinguishingBits) {
  Counter counter({});
  counter.traits().distinguishing[1] = 0xff;
  CHECK_EQUAL(counter.IsNew({1, 0x101}), true);
  CHECK_EQUAL(counter.IsNew({2, 0x201}), false);
  CHECK_EQUAL(counter.IsNew({1, 0x102}), true);
  CHECK_EQUAL(counter.IsNew(Call(1, {1, 1}), SECCOMP_RET_ERRNO | 1), true);
  CHECK_EQUAL(counter.IsNew(Call(2)), true);
  CHECK_EQUAL(counter.IsNew(Call(2, {1, 2, 3, 4, 5, 6})), false);  // No trait distinguishes its arguments.
  seccomp_data other = Call(2);
  other.arch = 0xc00000b7;
  CHECK_EQUAL(counter.IsNew(other), true);
  CHECK_EQUAL(counter.At(0).count, 2U);
  CHECK_EQUAL(counter.At(0).call.args[0], 1U);
  CHECK_EQUAL(counter.At(0).process, kThread);
}

TEST(ReadsTheLowerHalvesOfTheArgumentsOfCallsByShortRegisters) {
  constexpr uint32_t kArch32 = 0x40000003;
  contents = {{10, "text"}};
  Counter counter({});
  counter.supervision().traits[Supervision::Key(kArch32, 1)].captures = {{0, true, 16, uint8_t{1}}};
  seccomp_data call = Call(1, {0xffffffff0000000a, 0xffffffff00000004});
  call.arch = kArch32;
  CHECK_EQUAL(counter.IsNew(call), true);
  CHECK_EQUAL(counter.At(0).captured[0].value_or("(none)"), "text");
  CHECK_EQUAL(counter.At(0).call.args[0], 10U);
  counter.IsNew(Call(2, {0xffffffff0000000a}));
  CHECK_EQUAL(counter.At(1).call.args[0], 0xffffffff0000000aU);
}

TEST(DoesNotTellKindsApartByMemoryIfAllCallsAreCounted) {
  contents = {{10, "/one"}, {20, "/two"}};
  Counter counter({kText});
  counter.supervision().counts_all = true;
  CHECK_EQUAL(counter.IsNew({10}), true);
  CHECK_EQUAL(counter.IsNew({20}), false);
  CHECK_EQUAL(counter.At(0).captured[0].value_or("(none)"), "/one");
}

}  // namespace
}  // namespace test
}  // namespace seccomp

int main(int count, char** arguments) {
  if (count != 2) return 2;
  return seccomp::test::RunTest(arguments[1]);
}
