// Tests of RunChild. Each runs in a process of its own, as `child_main_test NAME`.
//
// The program that a test starts is this one: `child_main_test report FD` writes its own state to that descriptor.
#include "child/child_main.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "landlock/ruleset.h"
#include "other_process.h"
#include "system/linux_abi.h"

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer's clone treats every child as a fork and resets the records of its threads, in memory that is shared.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);
#define clone __clone
#endif

namespace seccomp {

static bool operator==(const Failure& a, const Failure& b) {
  return a.error == b.error && std::string(a.call == nullptr ? "" : a.call) == (b.call == nullptr ? "" : b.call);
}
static std::ostream& operator<<(std::ostream& out, const Failure& failure) {
  return out << failure.error << " (" << strerror(failure.error) << ") of "
             << (failure.call == nullptr ? "no call" : failure.call);
}

namespace test {
namespace {

using Facts = std::map<std::string, std::string>;

constexpr Failure kNoFailure = {0, nullptr};
constexpr int kExitFailed = 127;
// Higher than any descriptor that a test gives a child.
constexpr int kHigh = 100;

std::string ThisProgram() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::string Inode(int fd) {
  struct stat file = {};
  return fstat(fd, &file) == 0 ? std::to_string(file.st_ino) : "closed";
}

// Returns a descriptor of a new file without a name, which execve(2) closes.
int NewFile() {
  const int low = memfd_create("test", MFD_CLOEXEC);
  const int file = fcntl(low, F_DUPFD_CLOEXEC, kHigh);
  close(low);
  return file;
}

std::string Contents(int fd) {
  std::string text(static_cast<size_t>(lseek(fd, 0, SEEK_END)), '\0');
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

// --- The program that tests start ------------------------------------------------------------------------------------

int Report(int to, const std::vector<std::string>& rest) {
  std::ostringstream out;
  for (int fd = 0; fd < kHigh; fd++) {
    if (fd != to && Inode(fd) != "closed") out << "fd" << fd << " " << Inode(fd) << "\n";
  }
  out << "nonblocking ";
  for (int fd = 0; fd < kHigh; fd++) {
    if ((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && fcntl(fd, F_GETFD) >= 0) out << fd << ",";
  }
  out << "\narguments";
  for (const std::string& argument : rest) out << " " << argument;
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  out << "\nfiles " << files.rlim_cur << " " << files.rlim_max;
  rlimit core = {};
  getrlimit(RLIMIT_CORE, &core);
  out << "\ncore " << core.rlim_cur << " " << core.rlim_max;
  out << "\nleader " << (getsid(0) == getpid()) << "\ncwd " << std::filesystem::current_path().string() << "\n";
  out << "parent " << (kill(getppid(), 0) == 0 ? 0 : errno) << "\n";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const size_t colon = line.find(":\t");
    if (colon != std::string::npos) out << line.substr(0, colon) << " " << line.substr(colon + 2) << "\n";
  }
  std::array<char*, 2> argv = {const_cast<char*>("/bin/true"), nullptr};
  if (std::find(rest.begin(), rest.end(), "execve") != rest.end()) {
    syscall(SYS_execve, argv[0], argv.data(), nullptr, 0L, 0L, 0L);
    out << "execve " << errno << "\n";
  }
  const std::string text = out.str();
  return write(to, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

// --- Starting it -----------------------------------------------------------------------------------------------------

struct Filter {
  std::vector<sock_filter> instructions;
  std::vector<GatePatch> gate;
};

struct Start : ChildOptions {
  Start() { no_new_privileges = false; }

  std::vector<std::string> candidates = {ThisProgram()};
  std::vector<std::string> arguments;  // After `child_main_test report FD`.
  std::vector<int> descriptors = {0, 1, 2};
  const char* cwd = nullptr;
  bool born_in_cgroup = false;
  Filter filter;
  std::vector<Filter> more_filters;
  int ruleset = -1;
  int listener_socket = -1;                  // -1: the filter makes no listener.
  std::vector<std::string> message = {"."};  // With the process ID between each two parts.
  int guardian_socket = -1;
  pid_t guardian = 0;
};

struct Ended {
  Failure failure = {};
  int domain_error = 0;
  int code = -1;   // -1: killed.
  int signal = 0;  // 0: not killed.
  std::string written;
  Filter filter;  // After the child has written the gate value into it.
  std::optional<GuardianFilter> guardian_filter = std::nullopt;

  Facts facts() const {
    Facts facts;
    std::istringstream lines(written);
    for (std::string line; std::getline(lines, line);) {
      const size_t space = line.find(' ');
      facts[line.substr(0, space)] = space == std::string::npos ? "" : line.substr(space + 1);
    }
    return facts;
  }
  std::string fact(const std::string& name) const {
    const Facts all = facts();
    const auto found = all.find(name);
    return found == all.end() ? "(not reported)" : found->second;
  }
};

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& string : *strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A plan, and what it points to.
class Prepared {
 public:
  explicit Prepared(Start start) : start_(std::move(start)), report_(NewFile()), plan_(start_) {
    const std::string report_at = std::to_string(start_.descriptors.size());
    arguments_ = {"child_main_test", "report", report_at};
    arguments_.insert(arguments_.end(), start_.arguments.begin(), start_.arguments.end());
    plan_.argv = Pointers(&arguments_);
    plan_.shell_argv = plan_.argv;
    plan_.shell_argv.insert(plan_.shell_argv.begin() + 1, nullptr);
    // The program needs no environment but the options of its sanitizer.
    if (const char* options = getenv("ASAN_OPTIONS")) environment_.push_back(std::string("ASAN_OPTIONS=") + options);
    plan_.envp = Pointers(&environment_);
    for (const std::string& candidate : start_.candidates) plan_.candidates.push_back(candidate.c_str());
    plan_.descriptors = start_.descriptors;
    plan_.descriptors.push_back(report_);
    plan_.cwd = start_.cwd;
    plan_.born_in_cgroup = start_.born_in_cgroup;
    if (!start_.filter.instructions.empty()) plan_.filters.push_back(Plan(&start_.filter));
    for (Filter& filter : start_.more_filters) plan_.filters.push_back(Plan(&filter));
    plan_.ruleset = start_.ruleset;
    plan_.exit_call = SYS_exit_group;
    plan_.reset_signals = true;
    plan_.listener_socket = start_.listener_socket;
    for (std::string& part : start_.message) plan_.message.push_back({part.data(), part.size()});
    if (start_.listener_socket >= 0) plan_.filter_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    plan_.guardian_socket = start_.guardian_socket;
    plan_.guardian = start_.guardian;
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { close(report_); }

  ChildPlan* plan() { return &plan_; }
  const Filter& filter() const { return start_.filter; }
  std::string written() const { return Contents(report_); }
  static void* stack_top() { return stack_.data() + stack_.size(); }

 private:
  static ChildFilter Plan(Filter* filter) {
    return {filter->instructions.data(), static_cast<uint16_t>(filter->instructions.size()), filter->gate.data(),
            filter->gate.size()};
  }

  alignas(16) inline static thread_local std::array<char, size_t{256} * 1024> stack_;
  Start start_;
  int report_;
  std::vector<std::string> arguments_, environment_;
  ChildPlan plan_;
};

// Starts a child as clone.cc does, and waits for its end.
Ended RunPrepared(Prepared* prepared) {
  const pid_t pid = clone(RunChild, Prepared::stack_top(), CLONE_VM | CLONE_VFORK | SIGCHLD, prepared->plan());
  int status = 0;
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) continue;
  return {prepared->plan()->failure,
          prepared->plan()->domain_error,
          WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          WIFSIGNALED(status) ? WTERMSIG(status) : 0,
          prepared->written(),
          prepared->filter(),
          prepared->plan()->guardian_filter};
}

Ended Run(Start start) {
  Prepared prepared(std::move(start));
  return RunPrepared(&prepared);
}

Ended RunCandidates(std::vector<std::string> candidates) {
  Start start;
  start.candidates = std::move(candidates);
  return Run(std::move(start));
}

#define CHECK_STARTED(run)                 \
  do {                                     \
    const Ended& run_ = (run);             \
    CHECK_EQUAL(run_.failure, kNoFailure); \
    CHECK_EQUAL(run_.signal, 0);           \
    CHECK_EQUAL(run_.code, 0);             \
  } while (false)

#define CHECK_FAILED(run, error, call)                     \
  do {                                                     \
    const Ended& run_ = (run);                             \
    CHECK_EQUAL(run_.failure, (Failure{(error), (call)})); \
    CHECK_EQUAL(run_.code, kExitFailed);                   \
    CHECK_EQUAL(run_.written, std::string());              \
  } while (false)

// --- Files -----------------------------------------------------------------------------------------------------------

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "child_main_test.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// A directory that stands for a cgroup: the kernel would move the writer of `0`. Its descriptor stays open.
int StandForCgroup(const TemporaryDirectory& directory) {
  std::ofstream(directory / "cgroup.procs").flush();
  return open((directory / ".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

std::string MembersOf(const TemporaryDirectory& directory) {
  std::ifstream file(directory / "cgroup.procs");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(EntersTheCgroup) {
  const TemporaryDirectory directory;
  Start start;
  start.cgroup = StandForCgroup(directory);
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(MembersOf(directory), "0");
  CHECK_EQUAL(ended.facts().count("fd" + std::to_string(start.cgroup)), 0U);
}

TEST(EntersNoCgroupInWhichItWasBorn) {
  const TemporaryDirectory directory;
  Start start;
  start.cgroup = StandForCgroup(directory);
  start.born_in_cgroup = true;
  CHECK_STARTED(Run(start));
  CHECK_EQUAL(MembersOf(directory), "");
}

TEST(DoesNotRunOutsideOfTheCgroup) {
  const TemporaryDirectory directory;
  Start start;
  start.cgroup = StandForCgroup(directory);
  std::filesystem::remove(directory / "cgroup.procs");
  CHECK_FAILED(Run(start), ENOENT, "cgroup: open");
  std::filesystem::create_symlink("/dev/full", directory / "cgroup.procs");
  CHECK_FAILED(Run(start), ENOSPC, "cgroup: write");
}

// Before all else: what the child does first counts towards the limits of the cgroup already.
TEST(EntersTheCgroupFirst) {
  const TemporaryDirectory directory;
  Start start;
  start.cgroup = StandForCgroup(directory);
  start.cwd = "/no/such/directory";
  start.new_session = true;
  CHECK_FAILED(Run(start), ENOENT, "chdir");
  CHECK_EQUAL(MembersOf(directory), "0");
}

TEST(ReportsADirectoryThatDoesNotExist) {
  Start start;
  start.cwd = "/no/such/directory";
  CHECK_FAILED(Run(start), ENOENT, "chdir");
}

TEST(StartsInTheDirectory) {
  Start start;
  start.cwd = "/proc";
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("cwd"), "/proc");
  CHECK_EQUAL(std::filesystem::current_path() == "/proc", false);
}

TEST(TriesCandidatesInOrder) {
  CHECK_STARTED(RunCandidates({"/no/such/file", "/dev/null/no-directory", ThisProgram(), "/no/such/file"}));
}

TEST(TriesTheNextCandidateAfterEacces) {
  CHECK_STARTED(RunCandidates({"/", ThisProgram()}));
  const TemporaryDirectory directory;
  const std::string plain = directory / "not-executable";
  std::ofstream(plain) << "#!/bin/sh\n";
  CHECK_STARTED(RunCandidates({plain, ThisProgram()}));
  CHECK_FAILED(RunCandidates({plain}), EACCES, "execve");
}

TEST(ReportsThatNoCandidateExists) {
  CHECK_FAILED(RunCandidates({"/no/such/file", "/nor/this/one"}), ENOENT, "execve");
}

// As in execvp(3), EACCES of one candidate is reported rather than ENOENT of a later one.
TEST(ReportsEaccesIfNoOtherCandidateCanBeExecuted) {
  CHECK_FAILED(RunCandidates({"/", "/no/such/file"}), EACCES, "execve");
  CHECK_FAILED(RunCandidates({"/no/such/file", "/"}), EACCES, "execve");
}

TEST(StopsAtAnErrorOtherThanNotFound) {
  const TemporaryDirectory directory;
  const std::string loop = directory / "loop";
  std::filesystem::create_symlink(loop, loop);
  CHECK_FAILED(RunCandidates({loop, ThisProgram()}), ELOOP, "execve");
  CHECK_FAILED(RunCandidates({"/", loop, ThisProgram()}), ELOOP, "execve");
}

TEST(RunsAScriptWithoutInterpreterByTheShell) {
  const TemporaryDirectory directory;
  const std::string script = directory / "script";
  std::ofstream(script) << "printf '%s' \"$0 $1 $2 $3\" >&$2\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  Start start;
  start.candidates = {script};
  start.arguments = {"one"};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.written, script + " report 3 one");
}

TEST(PassesArguments) {
  Start start;
  start.arguments = {"one", "", "three"};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("arguments"), "one  three");
}

// --- Descriptors -----------------------------------------------------------------------------------------------------

// The most descriptors that these tests give a child.
constexpr int kPlaces = 8;

// In this scope, descriptors 0 to open - 1 are different files, and those up to kPlaces - 1 are closed.
class FilesBelow {
 public:
  explicit FilesBelow(int open) {
    for (int fd = 0; fd < kPlaces; fd++) {
      saved_.push_back(fcntl(fd, F_DUPFD_CLOEXEC, kHigh));
      const int file = NewFile();
      dup3(file, fd, O_CLOEXEC);  // RunChild must clear the flag.
      close(file);
    }
    for (int fd = open; fd < kPlaces; fd++) close(fd);
  }
  FilesBelow(const FilesBelow&) = delete;
  FilesBelow& operator=(const FilesBelow&) = delete;
  ~FilesBelow() {
    for (int fd = 0; fd < kPlaces; fd++) {
      const int saved = saved_[static_cast<size_t>(fd)];
      if (saved >= 0) {
        dup2(saved, fd);
        close(saved);
      } else {
        close(fd);
      }
    }
  }

 private:
  std::vector<int> saved_;
};

// The files of a child's descriptors, as Report writes them.
std::string Places(const std::vector<int>& descriptors) {
  std::ostringstream out;
  for (size_t to = 0; to < descriptors.size(); to++) {
    if (descriptors[to] >= 0) out << "fd" << to << " " << Inode(descriptors[to]) << "\n";
  }
  return out.str();
}

std::string PlacesReported(const Ended& ended) {
  std::istringstream lines(ended.written);
  std::string places;
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, 2, "fd") == 0) places += line + "\n";
  }
  return places;
}

void CheckPlaced(const std::vector<int>& descriptors, int open = kPlaces) {
  Start start;
  start.descriptors = descriptors;
  std::string expected;
  Ended ended;
  {
    const FilesBelow files(open);
    expected = Places(descriptors);
    ended = Run(std::move(start));
  }
  CHECK_STARTED(ended);
  CHECK_EQUAL(PlacesReported(ended), expected);
}

TEST(KeepsDescriptorsThatAreInPlace) { CheckPlaced({0, 1, 2, 3}); }

TEST(SwapsDescriptors) {
  CheckPlaced({1, 0, 2});
  CheckPlaced({2, 1, 0});
}

TEST(RotatesDescriptors) {
  CheckPlaced({1, 2, 0});
  CheckPlaced({2, 0, 1});
}

TEST(CopiesOneDescriptorToManyPlaces) {
  CheckPlaced({0, 0, 0, 0});
  CheckPlaced({3, 3, 3, 3});
}

TEST(MovesDescriptorsDown) { CheckPlaced({5, 4, 3}); }

TEST(LeavesPlacesEmpty) {
  CheckPlaced({-1, -1, -1});
  CheckPlaced({-1, 0, -1, 2});
}

// A temporary duplicate must not lie where another descriptor is placed or closed first.
TEST(KeepsDuplicatesOutOfFreePlaces) { CheckPlaced({0, 1, 2, -1, 0}, 3); }

TEST(PlacesAnyMixOfDescriptors) {
  std::mt19937 random(20240601);  // The seed is fixed, so that a failure can be repeated.
  const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 48; round++) {
    const int open = 1 + below(kPlaces);
    std::vector<int> descriptors(static_cast<size_t>(below(kPlaces + 1)));
    for (int& from : descriptors) from = below(open + 1) - 1;
    CheckPlaced(descriptors, open);
  }
}

TEST(ClosesAllOtherDescriptors) {
  // Without O_CLOEXEC. The child has three descriptors, and the one for its report.
  dup2(STDERR_FILENO, 4);
  dup2(STDERR_FILENO, 50);
  const Ended ended = Run({});
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("fd4"), "(not reported)");
  CHECK_EQUAL(ended.fact("fd50"), "(not reported)");
  CHECK_EQUAL(Inode(50), Inode(STDERR_FILENO));
}

TEST(MakesStandardStreamsBlocking) {
  std::array<int, 2> reading = {};
  std::array<int, 2> other = {};
  CHECK_EQUAL(pipe2(reading.data(), O_CLOEXEC | O_NONBLOCK), 0);
  CHECK_EQUAL(pipe2(other.data(), O_CLOEXEC | O_NONBLOCK), 0);
  Start start;
  start.descriptors = {reading[0], other[1], reading[1], other[0]};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("nonblocking"), "3,");
}

TEST(ReportsADescriptorThatIsNotOpen) {
  Start start;
  start.descriptors = {0, 1, 2, 99};
  CHECK_FAILED(Run(start), EBADF, "dup3");
  close(0);
  start.descriptors = {1, 0, 2};
  CHECK_FAILED(Run(start), EBADF, "fcntl");
  start.descriptors = {0, 1, 2};
  CHECK_FAILED(Run(start), EBADF, "fcntl");
}

// --- What a program inherits -----------------------------------------------------------------------------------------

TEST(ResetsIgnoredAndBlockedSignals) {
  // SIGRTMIN is 34. libc reserves the two real-time signals below, so they can only be changed by syscall(2).
  const std::initializer_list<int> signals = {SIGHUP, SIGPIPE, SIGCHLD, 32, 33, kLastSignal};
  KernelSigaction ignore = {};
  ignore.words[0] = reinterpret_cast<unsigned long>(SIG_IGN);
  for (const int signal : signals) {
    if (signal == SIGCHLD) continue;  // If it is ignored, the kernel reaps the child at once.
    CHECK_EQUAL(syscall(SYS_rt_sigaction, signal, &ignore, nullptr, kSigsetSize), 0);
  }
  const unsigned long all = ~0UL;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, kSigsetSize);
  const Ended ended = Run({});
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("SigBlk"), "0000000000000000");
  CHECK_EQUAL(ended.fact("SigIgn"), "0000000000000000");
}

TEST(StartsASessionOnlyIfAsked) {
  Start start;
  CHECK_EQUAL(Run(start).fact("leader"), "0");
  start.new_session = true;
  CHECK_EQUAL(Run(start).fact("leader"), "1");
}

// A copy of this program in a directory that is open to all. Its own directory may be closed to other users.
class CopyForAll {
 public:
  CopyForAll() : path_(directory_ / "child_test") {
    std::filesystem::copy(ThisProgram(), path_);
    std::filesystem::permissions(directory_ / ".", std::filesystem::perms::all);
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory directory_;
  std::string path_;
};

TEST(ChangesIdentityAndDropsGroups) {
  if (geteuid() != 0) Skip("needs root");
  const std::array<gid_t, 2> ours = {1, 2};
  CHECK_EQUAL(setgroups(ours.size(), ours.data()), 0);
  CHECK_EQUAL(Run({}).fact("Groups"), "1 2 ");
  Start start;
  start.uid = 65534;
  start.gid = 65533;
  const CopyForAll copy;
  start.candidates = {copy.path()};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("Uid"), "65534\t65534\t65534\t65534");
  CHECK_EQUAL(ended.fact("Gid"), "65533\t65533\t65533\t65533");
  CHECK_EQUAL(ended.fact("Groups"), " ");
  CHECK_EQUAL(geteuid(), 0U);
  start.gid.reset();
  CHECK_EQUAL(Run(start).fact("Groups"), " ");
  start.uid.reset();
  start.gid = 65533;
  CHECK_EQUAL(Run(start).fact("Groups"), " ");
}

// What needs privileges is done before the user changes.
TEST(UsesItsPrivilegesBeforeTheyAreGone) {
  if (geteuid() != 0) Skip("needs root");
  const rlimit ours = {500, 500};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &ours), 0);
  const CopyForAll copy;
  const TemporaryDirectory closed;
  const std::string directory = closed / "";
  Start start;
  start.candidates = {copy.path()};
  start.uid = 65534;
  start.gid = 65533;
  start.cwd = directory.c_str();
  const uint64_t capabilities = std::stoull(Run({}).fact("CapEff"), nullptr, 16);
  const bool may_raise_limits = (capabilities >> CAP_SYS_RESOURCE & 1) != 0;
  if (may_raise_limits) start.limits.push_back({RLIMIT_NOFILE, 600, 700});
  start.kept_capabilities = 0;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("Uid"), "65534\t65534\t65534\t65534");
  CHECK_EQUAL(ended.fact("files"), may_raise_limits ? "600 700" : "500 500");
  CHECK_EQUAL(ended.fact("CapBnd"), "0000000000000000");
}

TEST(ReportsAUserThatIsDenied) {
  Start start;  // First: it reads this program's path from /proc, where another user may not read.
  if (geteuid() == 0) {
    CHECK_EQUAL(setresgid(65534, 65534, 65534), 0);
    CHECK_EQUAL(setresuid(65534, 65534, 65534), 0);
  }
  start.gid = 0;
  CHECK_FAILED(Run(start), EPERM, "setgid");
  start.gid.reset();
  start.uid = 0;
  CHECK_FAILED(Run(start), EPERM, "setuid");
}

// --- Limits and capabilities -----------------------------------------------------------------------------------------

TEST(SetsLimits) {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  Start start;
  start.limits.push_back({RLIMIT_NOFILE, 200, 300});
  CHECK_EQUAL(Run(std::move(start)).fact("files"), "200 300");
  rlimit after = {};
  getrlimit(RLIMIT_NOFILE, &after);
  CHECK_EQUAL(after.rlim_cur == before.rlim_cur && after.rlim_max == before.rlim_max, true);
}

TEST(ReportsALimitThatIsRefused) {
  Start start;
  start.limits.push_back({RLIMIT_NOFILE, 2, 1});
  CHECK_FAILED(Run(start), EINVAL, "prlimit");
}

TEST(DropsAllButTheKeptCapabilities) {
  if (geteuid() != 0) Skip("needs root");
  Start start;
  start.kept_capabilities = 1U << CAP_KILL;
  const std::string ours = Run({}).fact("CapPrm");
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) CHECK_EQUAL(ended.fact(set), "0000000000000020");
  for (const char* set : {"CapInh", "CapAmb"}) CHECK_EQUAL(ended.fact(set), "0000000000000000");
  CHECK_EQUAL(Run({}).fact("CapPrm"), ours);
}

// Changes the capabilities below 32 of this process.
template <typename Function>
void ChangeCapabilities(Function change) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  CHECK_EQUAL(syscall(SYS_capget, &header, sets), 0);
  change(&sets[0]);
  CHECK_EQUAL(syscall(SYS_capset, &header, sets), 0);
}

void Lose(int capability) {
  ChangeCapabilities([capability](__user_cap_data_struct* sets) {
    sets->permitted &= ~(1U << capability);
    sets->effective &= ~(1U << capability);
  });
}

TEST(DropsInheritableAndAmbientCapabilities) {
  if (geteuid() != 0) Skip("needs root");
  ChangeCapabilities([](__user_cap_data_struct* sets) { sets->inheritable = 1U << CAP_CHOWN | 1U << CAP_KILL; });
  for (const long capability : {CAP_CHOWN, CAP_KILL}) {
    if (prctl(PR_CAP_AMBIENT, static_cast<long>(PR_CAP_AMBIENT_RAISE), capability, 0L, 0L) != 0) Skip("no ambient set");
  }
  const Ended before = Run({});
  Start start;
  start.kept_capabilities = 1U << CAP_KILL;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  for (const char* set : {"CapInh", "CapAmb"}) {
    CHECK_EQUAL(before.fact(set), "0000000000000021");
    CHECK_EQUAL(ended.fact(set), "0000000000000020");
  }
}

// With no_new_privs the bounding set may stay, and execve(2) gives no capability that was not permitted before.
TEST(DropsPermittedCapabilitiesThoughTheBoundingSetStays) {
  if (geteuid() != 0) Skip("needs root");
  Lose(CAP_SETPCAP);
  const std::string bounding = Run({}).fact("CapBnd");
  Start start;
  start.no_new_privileges = true;
  start.kept_capabilities = 1U << CAP_KILL;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("CapBnd"), bounding);
  for (const char* set : {"CapPrm", "CapEff"}) CHECK_EQUAL(ended.fact(set), "0000000000000020");
}

TEST(KeepsCapabilitiesOfTheUpperHalf) {
  NeedRootWith(CAP_SYSLOG);
  Start start;
  start.no_new_privileges = true;  // Otherwise execve(2) permits root all capabilities of its bounding set.
  start.kept_capabilities = uint64_t{1} << CAP_SYSLOG | 1U << CAP_CHOWN;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) CHECK_EQUAL(ended.fact(set), "0000000400000001");
}

TEST(ReportsABoundingSetThatStaysWithoutNoNewPrivileges) {
  Start start;
  if (geteuid() == 0) CHECK_EQUAL(setresuid(65534, 65534, 65534), 0);
  start.kept_capabilities = 0;
  CHECK_FAILED(Run(start), EPERM, "prctl(PR_CAPBSET_DROP)");
  start.no_new_privileges = true;
  CHECK_EQUAL(Run(start).failure == (Failure{EPERM, "prctl(PR_CAPBSET_DROP)"}), false);
}

// --- Filters ---------------------------------------------------------------------------------------------------------

sock_filter Instruction(int code, uint32_t k, size_t yes = 0, size_t no = 0) {
  return {static_cast<uint16_t>(code), static_cast<uint8_t>(yes), static_cast<uint8_t>(no), k};
}

uint32_t ArgumentHalf(size_t argument, bool high) {
  const bool upper_word_first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  return static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * argument + (high != upper_word_first ? 4 : 0));
}

// Denies `calls` with EPERM, unless arguments 3 to 5 hold the value of the gate; allows all others.
Filter Gated(const std::vector<long>& calls) {
  constexpr size_t kHalves = 2 * kGateWords;
  Filter filter;
  auto& code = filter.instructions;
  code.push_back(Instruction(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (size_t i = 0; i < calls.size(); i++) {
    code.push_back(Instruction(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(calls[i]), calls.size() - i));
  }
  code.push_back(Instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  for (size_t half = 0; half < kHalves; half++) {
    code.push_back(Instruction(BPF_LD | BPF_W | BPF_ABS, ArgumentHalf(3 + half / 2, half % 2 == 1)));
    filter.gate.push_back({static_cast<uint16_t>(code.size()), static_cast<uint16_t>(half)});
    code.push_back(Instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2 * (kHalves - half) - 1));
  }
  code.push_back(Instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  code.push_back(Instruction(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  return filter;
}

Start UnderFilter(Filter filter) {
  Start start;
  start.filter = std::move(filter);
  start.no_new_privileges = true;
  return start;
}

std::vector<uint32_t> GateValue(const Filter& filter) {
  std::vector<uint32_t> value;
  value.reserve(filter.gate.size());
  for (const GatePatch& patch : filter.gate) value.push_back(filter.instructions[patch.instruction].k);
  return value;
}

// Returns a ruleset of a domain that scopes signals, as descriptor `at` if that is given.
int Ruleset(int at = -1) {
  const int ruleset = OpenRuleset({0, 0, 2}).Release();
  if (ruleset < 0) Skip("this kernel's Landlock has no scopes");
  if (at < 0) return ruleset;
  dup3(ruleset, at, O_CLOEXEC);
  close(ruleset);
  return at;
}

TEST(DisablesCoreDumpsIfIsolatedUnlessALimitEnablesThem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  Skip("the sanitizers' runtimes set the limit themselves");
#endif
  const rlimit ours = {8192, 16384};
  if (setrlimit(RLIMIT_CORE, &ours) != 0) Skip("the hard limit of core dumps is lower");
  Start start;
  CHECK_EQUAL(Run(start).fact("core"), "8192 16384");
  start.isolation = false;
  CHECK_EQUAL(Run(start).fact("core"), "0 16384");
  start.limits.push_back({RLIMIT_CORE, 4096, 8192});
  CHECK_EQUAL(Run(start).fact("core"), "4096 8192");
}

TEST(EntersADomainOnlyIfAsked) {
  Start start;
  start.no_new_privileges = true;
  CHECK_EQUAL(Run(start).fact("parent"), "0");
  start.ruleset = Ruleset();
  start.domain_required = true;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("parent"), std::to_string(EPERM));
  CHECK_EQUAL(kill(getppid(), 0), 0);
}

// A domain that handles the execution of files, with or without a right to it beneath /.
TEST(KeepsInADomainTheRightsThatItsRulesetGrants) {
  constexpr uint32_t kExecute = 1;  // LANDLOCK_ACCESS_FS_EXECUTE
  Start start;
  start.no_new_privileges = true;
  start.domain_required = true;
  start.ruleset = OpenRuleset({kExecute, kExecute, 0}).Release();
  if (start.ruleset < 0) Skip("this kernel has no Landlock");
  CHECK_STARTED(Run(start));
  start.ruleset = OpenRuleset({kExecute, 0, 0}).Release();
  CHECK_FAILED(Run(start), EACCES, "execve");
  CHECK_EQUAL(OpenRuleset({uint32_t{1} << 31, 0, 0}).get(), -1);
  CHECK_EQUAL(errno, EINVAL);
  CHECK_EQUAL(OpenRuleset({kExecute, 2, 0}).get(), -1);
  CHECK_EQUAL(errno, EINVAL);
}

TEST(EntersADomainWithoutCapabilitiesByNoNewPrivileges) {
  if (geteuid() == 0) Lose(CAP_SYS_ADMIN);
  Start start;
  start.ruleset = Ruleset();
  start.domain_required = true;
  CHECK_FAILED(Run(start), EPERM, "landlock_restrict_self");
  start.no_new_privileges = true;
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("parent"), std::to_string(EPERM));
}

TEST(ReportsThatCoreDumpsStayIfIsolationIsRequired) {
  Filter filter = Gated({SYS_prlimit64});
  filter.gate.clear();
  const sock_fprog program = {static_cast<uint16_t>(filter.instructions.size()), filter.instructions.data()};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
  Start start;
  start.candidates = {"/bin/true"};  // The runtimes of the sanitizers need the call.
  start.isolation = false;
  CHECK_STARTED(Run(start));
  start.isolation = true;
  CHECK_FAILED(Run(start), EPERM, "prlimit");
}

TEST(EntersADomainThoughADescriptorTakesThePlaceOfItsRuleset) {
  Start start;
  start.no_new_privileges = true;
  start.ruleset = Ruleset(5);
  start.descriptors = {0, 1, 2, 0, 1, 2};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("parent"), std::to_string(EPERM));
}

TEST(GoesOnWithoutADomainUnlessItIsRequired) {
  Filter filter = Gated({kLandlockRestrictSelf});
  filter.gate.clear();
  const sock_fprog program = {static_cast<uint16_t>(filter.instructions.size()), filter.instructions.data()};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
  Start start;
  start.no_new_privileges = true;
  start.ruleset = Ruleset(5);
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("parent"), "0");
  CHECK_EQUAL(ended.domain_error, EPERM);
  start.domain_required = true;
  CHECK_FAILED(Run(start), EPERM, "landlock_restrict_self");
}

// Such as of memory.
TEST(DoesNotGoOnWhereAnErrorSaysNothingAboutTheSystem) {
  Start start;
  start.no_new_privileges = true;
  start.ruleset = NewFile();
  CHECK_FAILED(Run(start), EBADFD, "landlock_restrict_self");
}

TEST(SetsNoNewPrivilegesOnlyIfAsked) {
  const int ours = prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L);
  Start start;
  CHECK_EQUAL(Run(start).fact("NoNewPrivs"), std::to_string(ours));
  start.no_new_privileges = true;
  CHECK_EQUAL(Run(start).fact("NoNewPrivs"), "1");
  CHECK_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L), ours);
}

TEST(StartsUnderOneMoreFilterThanThisProcess) {
  const int before = std::stoi(Run({}).fact("Seccomp_filters"));
  const Ended ended = Run(UnderFilter(Gated({SYS_reboot})));
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("Seccomp"), "2");
  CHECK_EQUAL(ended.fact("Seccomp_filters"), std::to_string(before + 1));
}

TEST(AttachesSeveralFiltersThoughEachDeniesTheNext) {
  const int before = std::stoi(Run({}).fact("Seccomp_filters"));
  Start start = UnderFilter(Gated({SYS_execve, SYS_seccomp}));
  start.more_filters = {Gated({SYS_execve, SYS_seccomp}), Gated({SYS_reboot})};
  start.arguments = {"execve"};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("execve"), std::to_string(EPERM));
  CHECK_EQUAL(ended.fact("Seccomp_filters"), std::to_string(before + 3));
}

TEST(ReportsAFilterThatTheKernelRefuses) {
  Filter endless;
  endless.instructions.push_back(Instruction(BPF_LD | BPF_W | BPF_ABS, 0));
  CHECK_FAILED(Run(UnderFilter(endless)), EINVAL, "seccomp");
}

TEST(StartsUnderAFilterThatDeniesExecve) {
  Start start = UnderFilter(Gated({SYS_execve, SYS_execveat}));
  start.arguments = {"execve"};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("execve"), std::to_string(EPERM));
}

TEST(PassesTheGateWithEachCandidateAndTheShell) {
  const TemporaryDirectory directory;
  const std::string script = directory / "script";
  std::ofstream(script) << "printf started >&$2\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  Start start = UnderFilter(Gated({SYS_execve, SYS_execveat}));
  start.candidates = {"/no/such/file", script};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.written, "started");
}

TEST(SendsItsListenerThoughADescriptorTakesThePlaceOfTheSocket) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  Start start;
  start.no_new_privileges = true;
  start.filter.instructions.push_back(Instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  start.listener_socket = pair[1];
  start.descriptors.resize(static_cast<size_t>(pair[1]) + 1, -1);
  start.descriptors[static_cast<size_t>(pair[1])] = 0;
  start.message = {"<", ",", ">"};
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  std::string text(64, '\0');
  iovec data = {text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  text.resize(static_cast<size_t>(std::max<ssize_t>(recvmsg(pair[0], &message, MSG_DONTWAIT), 0)));
  const std::string number = ended.fact("Pid");
  CHECK_EQUAL(text, "<" + number + "," + number + ">");
  const cmsghdr* const handed = CMSG_FIRSTHDR(&message);
  CHECK_EQUAL(handed != nullptr, true);
  int listener = -1;
  if (handed != nullptr) memcpy(&listener, CMSG_DATA(handed), sizeof listener);
  CHECK_EQUAL(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(listener)).string(),
              std::string("anon_inode:seccomp notify"));
}

// A start whose listener is sent to the socket with the message.
Start WithListener(int socket, std::vector<std::string> message) {
  Start start;
  start.no_new_privileges = true;
  start.filter.instructions.push_back(Instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  start.listener_socket = socket;
  start.message = std::move(message);
  return start;
}

TEST(ReportsAnAgentThatHasClosedItsSocket) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  close(pair[0]);
  CHECK_FAILED(Run(WithListener(pair[1], {"a", "b"})), EPIPE, "sendmsg");
}

TEST(ReportsAMessageThatIsSentInPartOnly) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  const std::string half(size_t{1} << 20, 'x');
  CHECK_FAILED(Run(WithListener(pair[1], {half, half})), EMSGSIZE, "sendmsg");
}

// --- A child with a guardian -----------------------------------------------------------------------------------------

// A socket that already has the guardian's byte.
int SocketOfReadyGuardian() {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  CHECK_EQUAL(write(pair[1], "", 1), 1);
  return pair[0];
}

// The report's descriptor is one more than those of the start.
TEST(WaitsForItsGuardianThoughADescriptorTakesThePlaceOfTheSocket) {
  for (const int beyond : {-1, 0, 1, 2}) {
    Start start;
    start.guardian_socket = SocketOfReadyGuardian();
    start.descriptors.resize(static_cast<size_t>(long{start.guardian_socket} + beyond), 0);
    CHECK_STARTED(Run(start));
  }
}

TEST(ReportsAGuardianThatHasEnded) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  close(pair[1]);
  Start start;
  start.guardian_socket = pair[0];
  CHECK_FAILED(Run(start), ECHILD, "guardian: execveat");
}

// The program's descriptors, the sockets of the listener and of the guardian, and copies use all numbers below the
// limit. The child closes the last copy for the listener.
TEST(FreesADescriptorForTheListenerBelowTheLimit) {
#ifdef __SANITIZE_ADDRESS__
  Skip("the sanitizers open descriptors of their own, of which this test leaves none");
#endif
  constexpr int kLimit = 27;
  struct Case {
    int listener_socket, guardian_socket, last_copy;
  };
  for (const Case& each : {Case{26, -1, 25}, Case{26, 25, 24}, Case{25, 26, 24}}) {
    while (dup(STDERR_FILENO) < kLimit) continue;
    int pair[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    Start start = WithListener(pair[1], {"."});
    if (each.guardian_socket >= 0) {
      start.guardian_socket = each.guardian_socket;
      CHECK_EQUAL(dup3(SocketOfReadyGuardian(), each.guardian_socket, O_CLOEXEC), each.guardian_socket);
    }
    close(each.listener_socket);  // The child moves the socket to the first free place.
    start.limits.push_back({RLIMIT_NOFILE, kLimit, kLimit});
    start.descriptors.resize(static_cast<size_t>(each.last_copy - 1), 0);
    CHECK_STARTED(Run(start));
    start.descriptors.push_back(0);  // No copy is left to close.
    CHECK_FAILED(Run(start), EMFILE, "seccomp");
  }
}

// Denies kill(2) of a process. Its ID is the constant of the third instruction.
constexpr std::array<sock_filter, 7> kDeniesSignals = {{
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_kill},
    {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args)},
    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EXDEV},
    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
}};

TEST(AttachesTheFilterOfItsGuardianWithItsId) {
  Start start;
  start.no_new_privileges = true;
  start.guardian_filter = {{kDeniesSignals.begin(), kDeniesSignals.end()}, {4}};
  CHECK_FAILED(Run(start), ESRCH, "guardian: clone");
  start.guardian = getpid();
  const Ended ended = Run(start);
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("parent"), std::to_string(EXDEV));
  CHECK_EQUAL(ended.guardian_filter->instructions[3].k, 1U);
  CHECK_EQUAL(ended.guardian_filter->instructions[4].k, static_cast<uint32_t>(getpid()));
  start.guardian = getppid();
  CHECK_EQUAL(Run(start).fact("parent"), "0");
}

// The flags of a filter of a stopped process; -errno if they are unknown. 0: the filter that was attached first.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
long FilterFlags(pid_t process, uint64_t filter) {
  constexpr long kGetMetadata = 0x420d;  // PTRACE_SECCOMP_GET_METADATA, Linux 4.16: no flag but that to log.
  struct {
    uint64_t filter, flags;
  } metadata = {filter, 0};
  const long size = syscall(SYS_ptrace, kGetMetadata, process, sizeof metadata, &metadata);
  return size < 0 ? -errno : static_cast<long>(metadata.flags);
}

TEST(LogsByTheFilterOfItsGuardianAsByItsOwn) {
  for (const uint32_t flags : {0UL, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC}) {
    Start start;
    start.no_new_privileges = true;
    start.guardian = getpid();
    start.guardian_filter = {{kDeniesSignals.begin(), kDeniesSignals.end()}, {}};
    start.filter.instructions = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    start.filter_flags = flags;
    Prepared prepared(std::move(start));
    const Other other([&prepared] { return AttachFilters(prepared.plan()); });
    CHECK_EQUAL(ptrace(PTRACE_SEIZE, other.pid(), nullptr, nullptr), 0);
    CHECK_EQUAL(ptrace(PTRACE_INTERRUPT, other.pid(), nullptr, nullptr), 0);
    CHECK_EQUAL(waitpid(other.pid(), nullptr, 0), other.pid());
    const long found = FilterFlags(other.pid(), 0);
    if (found == -EACCES || found == -EIO) Skip("this process may not look at filters");
    CHECK_EQUAL(found, static_cast<long>(flags & SECCOMP_FILTER_FLAG_LOG));
    CHECK_EQUAL(FilterFlags(other.pid(), 1), static_cast<long>(flags & SECCOMP_FILTER_FLAG_LOG));
    CHECK_EQUAL(FilterFlags(other.pid(), 2), -ENOENT);
  }
}

TEST(GetsTheListenerOfItsOwnFilterOnly) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  Start start = WithListener(pair[1], {"."});
  start.guardian_filter = {{kDeniesSignals.begin(), kDeniesSignals.end()}, {}};
  start.guardian = getpid();
  CHECK_STARTED(Run(start));
  start.listener_socket = -1;
  start.filter_flags = SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC;
  CHECK_STARTED(Run(start));
}

// --- A child with a listener, and threads ----------------------------------------------------------------------------

// The listener's descriptor is a copy, but the program has none.
TEST(LeavesTheProgramNoListener) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  const Ended ended = Run(WithListener(pair[1], {"."}));
  CHECK_STARTED(ended);
  CHECK_EQUAL(PlacesReported(ended), Places({0, 1, 2}));
}

TEST(NamesTheThreadThatPreventsThatAllThreadsGetTheFilters) {
  std::atomic<pid_t> id{0};
  std::atomic<bool> may_end{false};
  Start start = UnderFilter(Gated({SYS_reboot}));
  std::thread other([&] {
    Filter own = Gated({SYS_reboot});
    const sock_fprog program = {static_cast<uint16_t>(own.instructions.size()), own.instructions.data()};
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    id = static_cast<pid_t>(syscall(SYS_gettid));
    while (!may_end) std::this_thread::yield();
  });
  while (id == 0) std::this_thread::yield();
  Prepared prepared(std::move(start));
  prepared.plan()->filter_flags = SECCOMP_FILTER_FLAG_TSYNC;
  const bool is_attached = AttachFilters(prepared.plan());
  may_end = true;
  other.join();
  CHECK_EQUAL(is_attached, false);
  CHECK_EQUAL(prepared.plan()->failure, (Failure{ESRCH, "seccomp"}));
  CHECK_EQUAL(prepared.plan()->other_thread, id.load());
  CHECK_EQUAL(prepared.plan()->attached, 0U);
  CHECK_EQUAL(prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L), 0);
}

// Runs two candidates, of which execve(2) of the first fails with `error`. The filter knows it by the pointer to its
// path.
Ended RunAfterError(int error) {
  Start start;
  start.no_new_privileges = true;
  start.candidates = {"/no/such/file", ThisProgram()};
  start.filter.instructions = {
      Instruction(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      Instruction(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(SYS_execve), 0, 3),
      Instruction(BPF_LD | BPF_W | BPF_ABS, ArgumentHalf(0, false)),
      Instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
      Instruction(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      Instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  Prepared prepared(std::move(start));
  const auto path = reinterpret_cast<uintptr_t>(prepared.plan()->candidates[0]);
  prepared.plan()->filters[0].instructions[3].k = static_cast<uint32_t>(path);
  return RunPrepared(&prepared);
}

// The list of execvp(3) in glibc, posix/execvpe.c.
TEST(TriesTheNextCandidateAfterTheErrorsOfExecvp) {
  for (const int error : {EACCES, ENOENT, ENOTDIR, ESTALE, ENODEV, ETIMEDOUT}) CHECK_STARTED(RunAfterError(error));
  for (const int error : {EPERM, ENOMEM, E2BIG, EIO, ETXTBSY, ENAMETOOLONG, EINVAL})
    CHECK_FAILED(RunAfterError(error), error, "execve");
}

TEST(DrawsANewGateValueEachTime) {
  const Filter filter = Gated({SYS_execve});
  std::set<uint32_t> seen;
  for (int round = 0; round < 8; round++) {
    const Ended ended = Run(UnderFilter(filter));
    CHECK_STARTED(ended);
    for (const uint32_t half : GateValue(ended.filter)) seen.insert(half);
  }
  // With 48 random 32-bit halves, the chance of one equal pair is 1 in 4 million. The test tolerates one.
  CHECK_EQUAL(seen.size() >= 47, true);
  CHECK_EQUAL(seen.count(0), 0U);
}

TEST(WritesTheGateValueNowhereElse) {
  Filter before = Gated({SYS_execve});
  Filter after = Run(UnderFilter(before)).filter;
  for (const GatePatch& patch : before.gate) after.instructions[patch.instruction].k = 0;
  for (size_t i = 0; i < before.instructions.size(); i++) {
    CHECK_EQUAL(after.instructions[i].k, before.instructions[i].k);
    CHECK_EQUAL(after.instructions[i].code, before.instructions[i].code);
  }
}

TEST(LeavesAFilterWithoutGateAsItIs) {
  Filter filter = Gated({SYS_reboot});
  filter.gate.clear();
  const Ended ended = Run(UnderFilter(filter));
  CHECK_STARTED(ended);
  for (size_t i = 0; i < filter.instructions.size(); i++) {
    CHECK_EQUAL(ended.filter.instructions[i].k, filter.instructions[i].k);
  }
}

TEST(DrawsNoGateValueForAFilterWithoutGate) {
  sock_filter instructions[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getrandom},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EXDEV},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog denying = {4, instructions};
  const Filter gated = Gated({SYS_reboot});
  Filter plain = gated;
  plain.gate.clear();
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &denying), 0);
  CHECK_STARTED(Run(UnderFilter(plain)));
  CHECK_FAILED(Run(UnderFilter(gated)), EXDEV, "getrandom");
}

TEST(EndsUnderAFilterThatDeniesItsExit) {
  Start start = UnderFilter(Gated({SYS_execve, SYS_exit_group}));
  start.candidates = {"/no/such/file"};
  CHECK_FAILED(Run(start), ENOENT, "execve");
}

// --- From several threads --------------------------------------------------------------------------------------------

TEST(ThreadsStartChildrenAtOnceEachByItsOwnPlan) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  const int before = std::stoi(Run({}).fact("Seccomp_filters"));
  std::array<int, kThreads> right = {};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int number = 0; number < kThreads; number++) {
    threads.emplace_back([number, before, &right] {
      const auto files = uint64_t{200} + static_cast<uint64_t>(number);
      for (int round = 0; round < kRounds; round++) {
        Start start = UnderFilter(Gated({SYS_execve}));
        start.arguments = {"execve", std::to_string(number)};
        start.limits.push_back({RLIMIT_NOFILE, files, files});
        const Ended ended = Run(std::move(start));
        right[number] += static_cast<int>(ended.failure == kNoFailure && ended.code == 0 &&
                                          ended.fact("arguments") == "execve " + std::to_string(number) &&
                                          ended.fact("files") == std::to_string(files) + " " + std::to_string(files) &&
                                          ended.fact("execve") == std::to_string(EPERM) &&
                                          ended.fact("Seccomp_filters") == std::to_string(before + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : right) CHECK_EQUAL(count, kRounds);
}

// --- As a thread, as execve.cc uses it -------------------------------------------------------------------------------

Failure RunThread(Prepared* prepared) {
  prepared->plan()->exit_call = SYS_exit;
  prepared->plan()->reset_signals = false;
  std::atomic<pid_t> thread{0};
  const int flags =
      CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  clone(RunChild, Prepared::stack_top(), flags, prepared->plan(), &thread, nullptr, &thread);
  for (pid_t id = thread; id != 0; id = thread) syscall(SYS_futex, &thread, FUTEX_WAIT, id, nullptr, nullptr, 0);
  return prepared->plan()->failure;
}

TEST(AThreadThatFailsLeavesItsProcessAsItWas) {
  const Ended before = Run({});
  const std::string standard_error = Inode(STDERR_FILENO);
  const std::filesystem::path directory = std::filesystem::current_path();
  Start start = UnderFilter(Gated({SYS_execve, SYS_exit}));
  start.candidates = {"/no/such/file"};
  start.descriptors = {-1, -1, -1};
  start.cwd = "/proc";
  Prepared prepared(std::move(start));
  CHECK_EQUAL(RunThread(&prepared), (Failure{ENOENT, "execve"}));
  CHECK_EQUAL(Inode(STDERR_FILENO), standard_error);
  CHECK_EQUAL(std::filesystem::current_path(), directory);
  const Ended after = Run({});
  CHECK_STARTED(after);
  for (const char* fact : {"NoNewPrivs", "Seccomp", "Seccomp_filters"})
    CHECK_EQUAL(after.fact(fact), before.fact(fact));
}

TEST(AThreadTurnsItsProcessIntoTheProgram) {
  Start start = UnderFilter(Gated({SYS_execve}));
  start.arguments = {"execve"};
  Prepared prepared(std::move(start));
  const pid_t pid = fork();
  if (pid == 0) {
    RunThread(&prepared);
    _exit(1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  const Ended ended = {kNoFailure, 0, WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, prepared.written(), {}};
  CHECK_STARTED(ended);
  CHECK_EQUAL(ended.fact("Pid"), std::to_string(pid));
  CHECK_EQUAL(ended.fact("execve"), std::to_string(EPERM));
}

}  // namespace
}  // namespace test
}  // namespace seccomp

int main(int argc, char** argv) {
  // CTest kills only its own child: a grandchild that cannot end would run forever.
  const rlimit half_a_minute = {30, 30};
  setrlimit(RLIMIT_CPU, &half_a_minute);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2 && arguments[0] == "report") {
    return seccomp::test::Report(std::stoi(arguments[1]), {arguments.begin() + 2, arguments.end()});
  }
  if (arguments.size() == 1) return seccomp::test::RunTest(arguments[0]);
  for (const auto& test : seccomp::test::Tests()) std::cout << test.first << "\n";
  return arguments.empty() ? 0 : 2;
}
