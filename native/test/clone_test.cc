// Tests of StartChild, and of how a child's end is reported. Run as `clone_test NAME`.
#include "child/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "child/bare_clone.h"
#include "child/execve.h"
#include "child/guardian_handle.h"
#include "guardian/protocol.h"
#include "landlock/ruleset.h"
#include "script.h"
#include "system/linux_abi.h"
#include "system/unix_socket.h"

namespace seccomp::test {
namespace {

sock_filter Return(uint32_t value) { return {BPF_RET | BPF_K, 0, 0, value}; }

Request WithListener(Request request) {
  request.no_new_privileges = true;
  request.is_unconfined = false;
  request.filters.push_back({{Return(SECCOMP_RET_ALLOW)}, {}});
  request.filter_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return request;
}

// No cgroup can be entered by clone3(2) there, so that the child has to write its ID into the file.
TEST(EntersACgroupByItselfIfItCannotBeBornThere) {
  std::string name = std::filesystem::temp_directory_path() / "clone_test.XXXXXX";
  const std::filesystem::path directory = mkdtemp(name.data());
  const std::string members = directory / "cgroup.procs";
  close(open(members.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Request request = Script("exit 7");
  request.cgroup = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  StartedChild started;
  CHECK_EQUAL(StartChild(&request, &started).error, 0);
  siginfo_t status;
  while (!Reap(started.child, 0, &status)) continue;
  CHECK_EQUAL(status.si_status, 7);
  CHECK_EQUAL(std::filesystem::file_size(members), 1U);
  close(request.cgroup);
  std::filesystem::remove_all(directory);
}

std::string Described(const Failure& failure) {
  return failure.error == 0 ? "no failure" : std::string(failure.call) + ": " + strerror(failure.error);
}

// Starts a child, and checks that this succeeds.
StartedChild Start(Request request) {
  StartedChild started;
  CHECK_EQUAL(Described(StartChild(&request, &started)), "no failure");
  return started;
}

// The exit status of a script.
int StatusOf(const std::string& script, std::vector<int> stdio = {0, 1, 2}) {
  Request request = Script(script);
  request.stdio = std::move(stdio);
  const StartedChild started = Start(std::move(request));
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_pid, started.child.pid);
  CHECK_EQUAL(status.si_code, CLD_EXITED);
  return status.si_status;
}

int OpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) count += static_cast<int>(fcntl(fd, F_GETFD) >= 0);
  return count;
}

bool HasNoChild() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

// As libuv opens it for child_process.
TEST(OpensTheNullDeviceForReadingAsStandardInputAndForBothElsewhere) {
  CHECK_EQUAL(StatusOf("read line", {kNullDevice, 1, 2}), 1);
  CHECK_EQUAL(StatusOf("echo >&0", {kNullDevice, 1, kNullDevice}) == 0, false);
  CHECK_EQUAL(StatusOf("echo >&1 && echo >&2 && ! read line <&1 && ! read line <&2", {0, kNullDevice, kNullDevice}), 0);
  CHECK_EQUAL(StatusOf("echo >&3 && ! read line <&3", {0, 1, 2, kNullDevice}), 0);
}

TEST(KeepsTwoDescriptorsOfAChannelOverWhichNoDescriptorsGo) {
  Request request = Script("read line <&0; echo \"got $line\" >&0");
  request.stdio = {kNewChannel, 1, 2};
  const int before = OpenDescriptors();
  {
    const StartedChild started = Start(std::move(request));
    CHECK_EQUAL(started.sockets.size(), 4U);
    CHECK_EQUAL(started.sockets[1].get(), -1);
    const int reading = started.sockets[0].get();
    const int writing = started.sockets[3].get();
    CHECK_EQUAL(fcntl(writing, F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(CookieOf(reading), CookieOf(writing));
    CHECK_EQUAL(send(writing, "text\n", 5, 0), 5);
    char bytes[16] = {};
    CHECK_EQUAL(recv(reading, bytes, 9, MSG_WAITALL), 9);
    CHECK_EQUAL(std::string(bytes), "got text\n");
    siginfo_t status = {};
    Reap(started.child, 0, &status);
    CHECK_EQUAL(recv(reading, bytes, sizeof bytes, 0), 0);
  }
  CHECK_EQUAL(OpenDescriptors() - before <= 2, true);  // The thread that passes on closes its two by and by.
}

TEST(KeepsOneEndOfEachNewSocket) {
  Request request = Script("cat; echo three >&3");
  request.stdio = {kNewSocket, kNewSocket, 2, kNewSocket};
  const int before = OpenDescriptors();
  {
    const StartedChild started = Start(std::move(request));
    CHECK_EQUAL(started.sockets.size(), 4U);
    CHECK_EQUAL(started.sockets[2].get(), -1);
    CHECK_EQUAL(OpenDescriptors(), before + 4);  // Three sockets and the pidfd.
    for (const size_t i : {0, 1, 3}) {
      CHECK_EQUAL(fcntl(started.sockets[i].get(), F_GETFD), FD_CLOEXEC);
      CHECK_EQUAL(fcntl(started.sockets[i].get(), F_GETFL) & O_NONBLOCK, 0);
    }
    CHECK_EQUAL(fcntl(started.child.pidfd.get(), F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(send(started.sockets[0].get(), "text", 4, 0), 4);
    shutdown(started.sockets[0].get(), SHUT_WR);
    siginfo_t status = {};
    Reap(started.child, 0, &status);
    char bytes[16] = {};
    CHECK_EQUAL(recv(started.sockets[1].get(), bytes, sizeof bytes, MSG_WAITALL), 4);
    CHECK_EQUAL(std::string(bytes, 4), "text");
    CHECK_EQUAL(recv(started.sockets[3].get(), bytes, sizeof bytes, MSG_WAITALL), 6);
  }
  CHECK_EQUAL(OpenDescriptors(), before);
}

TEST(PassesNoDescriptorOnThatIsPrivateOrTheCgroup) {
  PrivateDescriptor first(Descriptor(dup(2)));
  const int number = first.get();
  const auto start = [number](int cgroup) {
    Request request = Script("exit 7");
    request.stdio = {0, 1, 2, number};
    request.cgroup = cgroup;
    StartedChild started;
    const Failure failure = StartChild(&request, &started);
    siginfo_t status = {};
    if (failure.error == 0) Reap(started.child, 0, &status);
    return Described(failure);
  };
  CHECK_EQUAL(IsPrivate(2), false);
  CHECK_EQUAL(IsPrivate(number), true);
  CHECK_EQUAL(start(-1), Described({EBADF, "fcntl"}));
  {
    const PrivateDescriptor second(std::move(first));
    CHECK_EQUAL(IsPrivate(number), true);
    first = PrivateDescriptor();
    CHECK_EQUAL(IsPrivate(number), true);
  }
  CHECK_EQUAL(IsPrivate(number), false);
  CHECK_EQUAL(start(-1), Described({EBADF, "fcntl"}));  // It is closed.
  const Descriptor again(dup2(2, number));
  CHECK_EQUAL(start(-1), "no failure");
  CHECK_EQUAL(start(number), Described({EBADF, "fcntl"}));
}

TEST(LeavesNothingOfAStartThatFails) {
  const int before = OpenDescriptors();
  StartedChild started;
  Request request = Script("true");
  request.candidates = {"/no/such/file"};
  request.stdio = {kNewSocket, kNullDevice, 2};
  CHECK_EQUAL(Described(StartChild(&request, &started)), Described({ENOENT, "execve"}));
  CHECK_EQUAL(HasNoChild(), true);
  started = StartedChild();
  CHECK_EQUAL(OpenDescriptors(), before);
}

TEST(ReportsAStartThatFailsAfterItsListenerWasSent) {
  const int before = OpenDescriptors();
  StartedChild started;
  Request request = WithListener(Script("true"));
  request.candidates = {"/no/such/file"};
  CHECK_EQUAL(Described(StartChild(&request, &started)), Described({ENOENT, "execve"}));
  CHECK_EQUAL(HasNoChild(), true);
  started = StartedChild();
  CHECK_EQUAL(OpenDescriptors(), before);
}

TEST(BlocksNoSignalAfterwards) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  CHECK_EQUAL(StatusOf("exit 7"), 7);
  sigset_t after;
  sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < SIGRTMIN - 2; signal++)
    CHECK_EQUAL(sigismember(&after, signal), signal == SIGUSR1 ? 1 : 0);
}

TEST(ReceivesTheListener) {
  const StartedChild started = Start(WithListener(Script("true")));
  CHECK_EQUAL(fcntl(started.listener.get(), F_GETFD), FD_CLOEXEC);
  const std::string link = "/proc/self/fd/" + std::to_string(started.listener.get());
  CHECK_EQUAL(std::filesystem::read_symlink(link).string(), "anon_inode:seccomp notify");
  siginfo_t status = {};
  Reap(started.child, 0, &status);
}

// A scope in which this process can open `count` more descriptors.
class RoomFor {
 public:
  explicit RoomFor(int count) {
    std::vector<Descriptor> free;
    for (int i = 0; i <= count; i++) free.emplace_back(dup(STDERR_FILENO));
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit files = {static_cast<rlim_t>(free.back().get()), before_.rlim_max};
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &files), 0);
  }
  RoomFor(const RoomFor&) = delete;
  RoomFor& operator=(const RoomFor&) = delete;
  ~RoomFor() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

// A listener that this process could not receive would be noticed only when the program runs.
TEST(StartsNothingWithoutRoomForItsListener) {
  const int before = OpenDescriptors();
  Request request = WithListener(Script("exec sleep 60"));
  request.stdio = {kNoDescriptor, kNoDescriptor, kNoDescriptor};  // The child needs room for its listener too.
  {
    const RoomFor room(3);  // Two sockets and the pidfd.
    StartedChild started;
    CHECK_EQUAL(Described(StartChild(&request, &started)), Described({EMFILE, "clone"}));
  }
  CHECK_EQUAL(HasNoChild(), true);
  CHECK_EQUAL(OpenDescriptors(), before);
  {
    const RoomFor room(4);  // And the listener.
    StartedChild started;
    CHECK_EQUAL(Described(StartChild(&request, &started)), "no failure");
    CHECK_EQUAL(started.listener.get() >= 0, true);
    EndStarted(&started);
  }
  CHECK_EQUAL(HasNoChild(), true);
  CHECK_EQUAL(OpenDescriptors(), before);
}

TEST(ReportsWhereDescriptorsRanOut) {
  StartedChild started;
  const RoomFor none(0);
  Request socket = Script("true");
  socket.stdio = {kNewSocket, 1, 2};
  CHECK_EQUAL(Described(StartChild(&socket, &started)), Described({EMFILE, "socketpair"}));
  Request null = Script("true");
  null.stdio = {kNullDevice, 1, 2};
  CHECK_EQUAL(Described(StartChild(&null, &started)), Described({EMFILE, "open"}));
  Request listener = WithListener(Script("true"));
  CHECK_EQUAL(Described(StartChild(&listener, &started)), Described({EMFILE, "socketpair"}));
  Request plain = Script("true");
  CHECK_EQUAL(Described(StartChild(&plain, &started)), Described({EMFILE, "clone"}));
  CHECK_EQUAL(HasNoChild(), true);
}

// Lets a system call of this process fail with an errno if its third argument has all of these bits.
void Deny(long call, uint32_t error = EPERM, uint32_t bits = 0) {
  constexpr uint32_t kLowHalf = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
  sock_filter instructions[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, static_cast<uint32_t>(call)},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args[2]) + kLowHalf},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, bits},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, bits},
      Return(SECCOMP_RET_ERRNO | error),
      Return(SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {std::size(instructions), instructions};
  CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L), 0);
  CHECK_EQUAL(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), 0);
}

// Before Linux 5.11, only O_CLOEXEC closes this process's descriptors in the program.
TEST(LeavesTheProgramNoOtherDescriptorOnOldKernels) {
  for (int fd = 3; fd < 64; fd++) close(fd);
  Deny(kCloseRange);
  Request request =
      WithListener(Script("for fd in 4 5 6 7 8 9 10; do [ -e /proc/self/fd/$fd ] && exit $fd; done; exit 0"));
  request.stdio = {kNullDevice, kNullDevice, 2, kNewSocket};
  const StartedChild started = Start(std::move(request));
  siginfo_t status = {};
  Reap(started.child, 0, &status);
  CHECK_EQUAL(status.si_status, 0);
}

TEST(ReportsAnAgentThatDoesNotListen) {
  StartedChild started;
  Request request = WithListener(Script("true"));
  request.agent = AgentRequest{"/no/such/socket", {"."}};
  CHECK_EQUAL(Described(StartChild(&request, &started)), Described({ENOENT, "connect"}));
}

TEST(ReportsADomainThatCannotBeMadeIfItIsRequired) {
  StartedChild started;
  Request request = Script("exit 7");
  request.domain = Domain{uint32_t{1} << 31, 0, 0};
  request.domain_required = true;
  const Failure failure = StartChild(&request, &started);
  CHECK_EQUAL(std::string(failure.call), "landlock_create_ruleset");
  CHECK_EQUAL(started.child.pid, 0);
  request.domain_required = false;
  CHECK_EQUAL(Described(StartChild(&request, &started)), "no failure");
  CHECK_EQUAL(started.domain_error, failure.error);
  siginfo_t status = {};
  Reap(started.child, 0, &status);
  CHECK_EQUAL(status.si_status, 7);
}

TEST(KeepsTheDumpableFlagIfTheChildHasAnotherUser) {
  if (geteuid() != 0) Skip("needs root");
  for (const int flag : {1, 0}) {
    prctl(PR_SET_DUMPABLE, static_cast<long>(flag), 0L, 0L, 0L);
    Request request = Script("exit 7");
    request.uid = 65534;
    const StartedChild started = Start(request);
    siginfo_t status = {};
    Reap(started.child, 0, &status);
    CHECK_EQUAL(status.si_status, 7);
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L), flag);
  }
}

// --- The end of a child ----------------------------------------------------------------------------------------------

// Runs a script under a guardian. Skips the test where Landlock has no scopes.
Request GuardedInDomain(const std::string& script, std::vector<int> stdio = {0, 1, 2}) {
  if (OpenRuleset({0, 0, kScopeSignals}).get() < 0) Skip("Landlock has no scopes");
  Request request = Script(script);
  request.stdio = std::move(stdio);
  request.no_new_privileges = true;
  request.isolation = false;
  request.domain = Domain{0, 0, kScopeSignals};
  request.domain_required = true;
  request.guarded = true;
  return request;
}

// The same where Landlock has no scopes: the tree is a process group.
Request GuardedInGroup(const std::string& script, std::vector<int> stdio = {0, 1, 2}) {
  Request request = Script(script);
  request.stdio = std::move(stdio);
  request.guarded = true;
  request.in_process_group = true;
  return request;
}

StartedChild StartUnderGuardian(Request request) {
  CHECK_EQUAL(OpenGuardianProgram(GUARDIAN_PROGRAM), 0);
  return Start(std::move(request));
}

StartedChild StartGuarded(const std::string& script, std::vector<int> stdio = {0, 1, 2}) {
  return StartUnderGuardian(GuardedInDomain(script, std::move(stdio)));
}

int StatusOfGuardian(const GuardianHandle& guardian) {
  siginfo_t status = {};
  CHECK_EQUAL(Reap(guardian.process, 0, &status), true);
  CHECK_EQUAL(status.si_code, CLD_EXITED);
  return status.si_status;
}

// Starts a process in another session, which keeps the pipe open that it gets as its standard output.
constexpr char kDaemon[] = "setsid sleep 60 & echo; wait";

// The same, and ends before it.
constexpr char kLeavesAProcess[] = "setsid sleep 60 & echo; exit 7";

TEST(AGuardianEndsTheTreeWithItsChild) {
  StartedChild started = StartGuarded(kDaemon, {0, kNewSocket, 2});
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  siginfo_t status = {};
  KillAndReap(&started.child, &status);
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 0);
}

TEST(AGuardianEndsTheTreeWithItsSocket) {
  StartedChild started = StartGuarded(kDaemon, {0, kNewSocket, 2});
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  started.guardian.control = seccomp::PrivateDescriptor();
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 0);
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_status, SIGKILL);
}

TEST(AGuardianIsStartedWhateverTheDescriptorOfItsProgram) {
  close(0);  // The program gets the number.
  const StartedChild started = StartGuarded("exit 7", {kNullDevice, 1, 2});
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_status, 7);
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
}

TEST(AGuardianSendsSignalsToTheTree) {
  const StartedChild started = StartGuarded("exec sleep 60");
  CHECK_EQUAL(SignalTree(started.guardian, SIGTERM), 0);
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_status, SIGTERM);
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
}

// A second process of the group, which keeps the pipe open that it gets as its standard output.
constexpr char kMember[] = "sleep 60 & echo; wait";

TEST(AGuardianEndsTheProcessGroupWithItsChild) {
  StartedChild started = StartUnderGuardian(GuardedInGroup(kMember, {0, kNewSocket, 2}));
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  const pid_t group = getpgid(started.child.pid);
  CHECK_EQUAL(group, started.child.group);
  CHECK_EQUAL(getsid(started.child.pid), started.guardian.process.pid);
  siginfo_t status = {};
  KillAndReap(&started.child, &status);
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 0);
  CHECK_EQUAL(HasNoChild(), true);
}

TEST(ReapingAChildEndsItsProcessGroupWithoutAGuardianToo) {
  const StartedChild started =
      StartUnderGuardian(GuardedInGroup("sleep 1000 & echo; read line; exit 7", {kNewSocket, kNewSocket, 2}));
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  siginfo_t status = {};
  CHECK_EQUAL(SendSignal(started.guardian.process.pidfd, SIGKILL), 0);
  CHECK_EQUAL(Reap(started.guardian.process, 0, &status), true);
  CHECK_EQUAL(shutdown(started.sockets[0].get(), SHUT_WR), 0);
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_status, 7);
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 0);
}

// Before Linux 5.11, close_range(2) does not know CLOSE_RANGE_CLOEXEC.
TEST(AGuardianHasNoOtherDescriptorsOnOldKernels) {
  Deny(kCloseRange, EINVAL, kCloseRangeCloexec);
  int ends[2];
  CHECK_EQUAL(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  CHECK_EQUAL(OpenGuardianProgram(GUARDIAN_PROGRAM), 0);
  // Before, between and after those that the guardian keeps. Without O_CLOEXEC.
  const int others[] = {dup2(ends[1], 0), dup(ends[1]), dup2(ends[1], 60)};
  std::vector<int> stdio(61, kNoDescriptor);  // The program has none of them.
  stdio[1] = kNewSocket;
  const StartedChild started = StartUnderGuardian(GuardedInGroup("echo; exec sleep 60", std::move(stdio)));
  close(ends[1]);
  for (const int other : others) CHECK_EQUAL(close(other), 0);
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  CHECK_EQUAL(read(ends[0], &byte, 1), 0);
  CHECK_EQUAL(SignalTree(started.guardian, SIGTERM), 0);
  CHECK_EQUAL(StatusOfGuardian(started.guardian), kTreeEnded);
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_status, SIGTERM);
}

// Starts a child whose guardian cannot be started, and returns why. Checks that no process is left.
std::string WhyThereIsNoGuardian(Request request, const char* program = GUARDIAN_PROGRAM) {
  CHECK_EQUAL(OpenGuardianProgram(program), 0);
  CHECK_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L),
              0);  // A holder that was not reaped is left to this process.
  StartedChild started;
  const Failure failure = StartChild(&request, &started);
  CHECK_EQUAL(HasNoChild(), true);
  return Described(failure);
}

TEST(ReportsAGuardianThatCannotBeExecuted) {
  CHECK_EQUAL(WhyThereIsNoGuardian(GuardedInGroup("true"), "/etc/passwd"), Described({EACCES, "guardian: execveat"}));
  CHECK_EQUAL(WhyThereIsNoGuardian(GuardedInDomain("true"), "/etc/passwd"), Described({EACCES, "guardian: execveat"}));
}

TEST(ReportsAGuardianThatCannotCloseDescriptors) {
  Deny(kCloseRange);
  CHECK_EQUAL(WhyThereIsNoGuardian(GuardedInGroup("true")), Described({EPERM, "guardian: close_range"}));
}

TEST(ReportsThatThereIsNoProcessGroup) {
  Deny(SYS_setpgid);
  CHECK_EQUAL(WhyThereIsNoGuardian(GuardedInGroup("true")), Described({EPERM, "guardian: setpgid"}));
}

TEST(ReportsThatThereIsNoDomain) {
  Deny(kLandlockRestrictSelf);
  CHECK_EQUAL(WhyThereIsNoGuardian(GuardedInDomain("true")), Described({EPERM, "guardian: landlock_restrict_self"}));
}

// Replaces a fork of this process by a script under a guardian, and returns the script's exit status.
int StatusOfReplacement(bool has_standard_input) {
  const Request prepared = GuardedInDomain(kLeavesAProcess, {kNoDescriptor, 1, 2});
  const pid_t pid = fork();
  if (pid == 0) {
    if (!has_standard_input) close(0);  // The guardian's program gets the number.
    if (OpenGuardianProgram(GUARDIAN_PROGRAM) != 0) _exit(100);
    // Only by no_new_privs may this user enter a domain.
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(101);
    Request request = prepared;
    const Failure failure = ReplaceThisProcess(&request);
    static_cast<void>(write(2, failure.call, strlen(failure.call)));
    _exit(102);
  }
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(AGuardianEndsTheTreeOfAProcessThatWasReplaced) {
  for (const bool has_standard_input : {true, false}) {
    int ends[2];
    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    const Descriptor output(dup(1));
    CHECK_EQUAL(dup2(ends[1], 1), 1);
    close(ends[1]);
    CHECK_EQUAL(StatusOfReplacement(has_standard_input), 7);
    CHECK_EQUAL(dup2(output.get(), 1), 1);
    const Descriptor reads(ends[0]);
    char byte = 0;
    CHECK_EQUAL(read(reads.get(), &byte, 1), 1);
    CHECK_EQUAL(read(reads.get(), &byte, 1), 0);  // The process that was left has ended.
  }
}

// Why a process was not replaced, of which no guardian is left.
std::string WhyItIsNotReplaced(Request request) {
  // A guardian is left to this process. If one kills this process group, that is the test's alone.
  CHECK_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L), 0);
  setpgid(0, 0);
  const int before = OpenDescriptors();
  const Failure failure = ReplaceThisProcess(&request);
  while (waitpid(-1, nullptr, __WALL) > 0) continue;
  CHECK_EQUAL(OpenDescriptors(), before);
  return Described(failure);
}

TEST(AProcessThatIsNotReplacedHasNoGuardian) {
  Request request = GuardedInDomain("true");
  CHECK_EQUAL(WhyItIsNotReplaced(request), Described({ENOENT, "guardian: open"}));
  CHECK_EQUAL(OpenGuardianProgram(GUARDIAN_PROGRAM), 0);
  request.candidates = {"/no/such/file"};
  CHECK_EQUAL(WhyItIsNotReplaced(request), Described({ENOENT, "execve"}));
}

TEST(AProcessIsNotReplacedWithoutItsGuardian) {
  const Request request = GuardedInDomain("true");
  CHECK_EQUAL(OpenGuardianProgram(GUARDIAN_PROGRAM), 0);
  struct Case {
    long call;
    Failure failure;
  };
  // Each filter stays. So those come first that deny what is called last.
  for (const auto& [call, failure] :
       {Case{SYS_execveat, {EPERM, "guardian: execveat"}}, Case{kCloseRange, {EPERM, "guardian: close_range"}},
        Case{kLandlockRestrictSelf, {EPERM, "guardian: landlock_restrict_self"}},
        Case{SYS_socketpair, {EPERM, "guardian: socketpair"}}, Case{kPidfdOpen, {EPERM, "guardian: pidfd_open"}}}) {
    Deny(call);
    CHECK_EQUAL(WhyItIsNotReplaced(request), Described(failure));
  }
}

TEST(ReapsNothingForAGuardianThatHasEnded) {
  int ends[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  GuardianHandle guardian;
  guardian.control = PrivateDescriptor(Descriptor(ends[0]));
  CHECK_EQUAL(ReapReportedZombies(guardian), true);  // It may report some later.
  close(ends[1]);
  errno = EAGAIN;  // Of an earlier call.
  CHECK_EQUAL(ReapReportedZombies(guardian), false);
  CHECK_EQUAL(ReapReportedZombies(GuardianHandle()), false);
}

TEST(GivesNoPidfdOfACloneThatFails) {
  alignas(16) static char stack[4096];
  int pidfd = 5;
  int id = 0;
  // CLONE_THREAD requires CLONE_SIGHAND, and this CLONE_VM.
  const int flags = CLONE_THREAD | static_cast<int>(kClonePidfd);
  const auto run = [](void*) { return 0; };
  CHECK_EQUAL(BareClone(run, stack + sizeof stack, flags, nullptr, &pidfd, &id), -EINVAL);
  CHECK_EQUAL(pidfd, -1);
}

TEST(EndsAStartedChildWithItsTree) {
  StartedChild started = StartGuarded(kDaemon, {0, kNewSocket, 2});
  char byte = 0;
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 1);
  EndStarted(&started);
  CHECK_EQUAL(read(started.sockets[1].get(), &byte, 1), 0);
  CHECK_EQUAL(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(SignalsAndReapsAChild) {
  const StartedChild started = Start(Script("exec sleep 60"));
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, WNOHANG, &status), false);
  CHECK_EQUAL(SendSignal(started.child.pidfd, 0), 0);
  CHECK_EQUAL(SendSignal(started.child.pidfd, 1000), EINVAL);
  CHECK_EQUAL(SendSignal(started.child.pidfd, SIGTERM), 0);
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_pid, started.child.pid);
  CHECK_EQUAL(status.si_code, CLD_KILLED);
  CHECK_EQUAL(status.si_status, SIGTERM);
  CHECK_EQUAL(SendSignal(started.child.pidfd, SIGTERM), ESRCH);
}

TEST(KillsAndReapsAChild) {
  StartedChild started = Start(Script("trap '' TERM; exec sleep 60"));
  const pid_t pid = started.child.pid;
  siginfo_t status = {};
  KillAndReap(&started.child, &status);
  CHECK_EQUAL(status.si_pid, pid);
  CHECK_EQUAL(status.si_status, SIGKILL);
  CHECK_EQUAL(HasNoChild(), true);
}

TEST(DoesNotKnowTheStatusOfAChildThatWasReapedElsewhere) {
  const StartedChild started = Start(Script("exit 7"));
  CHECK_EQUAL(waitpid(started.child.pid, nullptr, 0), started.child.pid);
  siginfo_t status = {};
  status.si_pid = 1;
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_pid, 0);
  status.si_pid = 1;
  CHECK_EQUAL(Reap(started.child, WNOHANG, &status), true);
  CHECK_EQUAL(status.si_pid, 0);
}

// waitpid(2) calls wait4(2), so it works without waitid(2).
TEST(ReapsWhereAFilterDeniesWaitid) {
  Deny(SYS_waitid);
  CHECK_EQUAL(StatusOf("exit 7"), 7);
  const StartedChild started = Start(Script("exec sleep 60"));
  siginfo_t status = {};
  CHECK_EQUAL(Reap(started.child, WNOHANG, &status), false);
  SendSignal(started.child.pidfd, SIGTERM);
  CHECK_EQUAL(Reap(started.child, 0, &status), true);
  CHECK_EQUAL(status.si_pid, started.child.pid);
  CHECK_EQUAL(status.si_code, CLD_KILLED);
  CHECK_EQUAL(status.si_status, SIGTERM);
  const StartedChild gone = Start(Script("exit 7"));
  waitpid(gone.child.pid, nullptr, 0);
  CHECK_EQUAL(Reap(gone.child, WNOHANG, &status), true);
  CHECK_EQUAL(status.si_pid, 0);
}

TEST(DoesNotWaitForAChildThatWasReapedElsewhereWhereFiltersDenyEveryLook) {
  Deny(SYS_waitid);
  Deny(kPidfdSendSignal);
  const StartedChild gone = Start(Script("exit 7"));
  waitpid(gone.child.pid, nullptr, 0);
  siginfo_t status = {};
  CHECK_EQUAL(Reap(gone.child, WNOHANG, &status), true);
  CHECK_EQUAL(status.si_pid, 0);
}

// Forks a process with this ID, which exits with 9. Returns false if the ID was taken, or cannot be chosen.
bool ForkWithId(pid_t pid) {
  for (int attempt = 0; attempt < 100; attempt++) {
    const Descriptor last(open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC));
    const std::string text = std::to_string(pid - 1);
    if (write(last.get(), text.data(), text.size()) < 0) return false;
    const pid_t forked = fork();
    if (forked == 0) _exit(9);
    if (forked == pid) return true;
    waitpid(forked, nullptr, 0);
  }
  return false;
}

TEST(DoesNotReapAnotherChildThatHasTheIdNow) {
  Deny(SYS_waitid);
  const StartedChild gone = Start(Script("exit 7"));
  waitpid(gone.child.pid, nullptr, 0);
  if (!ForkWithId(gone.child.pid)) Skip("this process may not choose process IDs");
  siginfo_t status = {};
  CHECK_EQUAL(Reap(gone.child, 0, &status), true);
  CHECK_EQUAL(status.si_pid, 0);
  int exited = 0;
  CHECK_EQUAL(waitpid(gone.child.pid, &exited, 0), gone.child.pid);
  CHECK_EQUAL(WEXITSTATUS(exited), 9);
}

std::atomic<int> handled_elsewhere{0};

// A handler of this process must not run in a child, which shares this process's memory.
TEST(RunsNoHandlerInAChild) {
  setpgid(0, 0);
  CHECK_EQUAL(getpgrp(), getpid());
  static const pid_t ours = getpid();
  struct sigaction action = {};
  action.sa_handler = [](int) {
    if (syscall(SYS_getpid) != ours) handled_elsewhere++;
  };
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  std::atomic<bool> may_end{false};
  std::thread signals([&may_end] {
    while (!may_end) kill(0, SIGUSR1);  // To the process group, which children are in.
  });
  for (int i = 0; i < 300; i++) {
    const StartedChild started = Start(Script("true"));
    siginfo_t status = {};
    Reap(started.child, 0, &status);
  }
  may_end = true;
  signals.join();
  CHECK_EQUAL(handled_elsewhere, 0);
}

// Waits until the child has ended, but does not reap it.
void AwaitEnd(pid_t pid) {
  siginfo_t status = {};
  CHECK_EQUAL(waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOWAIT), 0);
}

TEST(ReapsAbandonedChildrenOnceTheyHaveEnded) {
  StartedChild first = Start(Script("exit 7"));
  StartedChild second = Start(Script("exec sleep 60"));
  const pid_t pids[] = {first.child.pid, second.child.pid};
  const Descriptor pidfd(dup(second.child.pidfd.get()));
  AwaitEnd(pids[0]);
  Abandon(std::move(first.child));
  Abandon(std::move(second.child));  // Reaps the first.
  CHECK_EQUAL(waitpid(pids[0], nullptr, WNOHANG), -1);
  CHECK_EQUAL(waitpid(pids[1], nullptr, WNOHANG), 0);
  SendSignal(pidfd, SIGKILL);
  AwaitEnd(pids[1]);
  CHECK_EQUAL(StatusOf("exit 3"), 3);  // A start reaps the second.
  CHECK_EQUAL(HasNoChild(), true);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
