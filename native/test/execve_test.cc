// Tests of ReplaceThisProcess and DeferredSignals. Each runs in a process of its own, as `execve_test NAME`.
#include "child/execve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "child/deferred_signals.h"

namespace seccomp::test {
namespace {

std::atomic<int> handled{0};
std::atomic<pid_t> handled_by{0};

// A handler that makes a system call, as Node's do.
void OnSignal(int) {
  handled++;
  handled_by = static_cast<pid_t>(syscall(SYS_gettid));
}

// Sets the disposition of SIGUSR1.
void Handle(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

// Sends SIGUSR1 to this process, in which no thread may receive it.
void SendBlocked() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  kill(getpid(), SIGUSR1);
}

void Unblock() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Sends the calling thread a signal.
void Raise(int signal) { CHECK_EQUAL(raise(signal), 0); }

void (*Disposition())(int) {
  struct sigaction action = {};
  sigaction(SIGUSR1, nullptr, &action);
  return action.sa_handler;
}

// Tries to start a program that does not exist.
int Fail(Request request = {}) {
  request.candidates = {"/no/such/file"};
  request.arguments = {"file"};
  if (request.stdio.empty()) request.stdio = {0, 1, 2};
  request.no_new_privileges = false;
  request.is_unconfined = true;
  return ReplaceThisProcess(&request).error;
}

TEST(AHandlerDoesNotRunOnTheThreadThatFails) {
  Handle(OnSignal, 0);
  SendBlocked();
  CHECK_EQUAL(Fail(), ENOENT);
  CHECK_EQUAL(handled, 0);
  Unblock();
  CHECK_EQUAL(handled, 1);
  CHECK_EQUAL(handled_by, getpid());
}

TEST(AHandlerForOneSignalRunsOnceAndIsThenReset) {
  Handle(OnSignal, static_cast<int>(SA_RESETHAND));
  SendBlocked();
  CHECK_EQUAL(Fail(), ENOENT);
  CHECK_EQUAL(Disposition() == OnSignal, true);
  Unblock();
  CHECK_EQUAL(handled, 1);
  CHECK_EQUAL(Disposition() == SIG_DFL, true);
}

TEST(AnIgnoredSignalStaysIgnored) {
  Handle(SIG_IGN, 0);
  SendBlocked();
  CHECK_EQUAL(Fail(), ENOENT);
  Unblock();
  CHECK_EQUAL(Disposition() == SIG_IGN, true);
}

// --- What a failure leaves as it was ---------------------------------------------------------------------------------

std::string Inode(int fd) {
  struct stat file = {};
  return fstat(fd, &file) == 0 ? std::to_string(file.st_ino) : "closed";
}

TEST(LeavesDescriptorsAndDirectory) {
  const std::string before[] = {Inode(0), Inode(1), Inode(2)};
  const std::filesystem::path directory = std::filesystem::current_path();
  Request request;
  request.stdio = {kNoDescriptor, 2, kNoDescriptor};
  request.cwd = "/proc";
  CHECK_EQUAL(Fail(request), ENOENT);
  for (int fd = 0; fd < 3; fd++) CHECK_EQUAL(Inode(fd), before[fd]);
  CHECK_EQUAL(std::filesystem::current_path(), directory);
}

rlim_t SoftLimit(__rlimit_resource_t resource) {
  rlimit limit = {};
  getrlimit(resource, &limit);
  return limit.rlim_cur;
}

TEST(LeavesOutputNonBlocking) {
  int ends[2] = {-1, -1};
  CHECK_EQUAL(pipe2(ends, O_NONBLOCK), 0);
  CHECK_EQUAL(fcntl(ends[0], F_SETFL, 0), 0);
  Request request;
  request.stdio = {ends[0], ends[1], 2};
  CHECK_EQUAL(Fail(request), ENOENT);
  CHECK_EQUAL(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
  CHECK_EQUAL(fcntl(ends[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

TEST(LeavesResourceLimits) {
  rlimit core = {};
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = core.rlim_max;
  setrlimit(RLIMIT_CORE, &core);
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  Request request;
  request.limits.push_back({RLIMIT_NOFILE, 64, files.rlim_max});
  request.isolation = false;
  CHECK_EQUAL(Fail(request), ENOENT);
  CHECK_EQUAL(SoftLimit(RLIMIT_NOFILE), files.rlim_cur);
  CHECK_EQUAL(SoftLimit(RLIMIT_CORE), core.rlim_max);
}

TEST(LeavesUserAndDumpableFlag) {
  if (geteuid() != 0) Skip("needs root");
  prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
  Request request;
  request.uid = 65534;
  request.gid = 65533;
  CHECK_EQUAL(Fail(request), ENOENT);
  CHECK_EQUAL(geteuid(), 0U);
  CHECK_EQUAL(getegid(), 0U);
  CHECK_EQUAL(prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L), 1);
}

// --- Deferred signals ------------------------------------------------------------------------------------------------

struct sigaction ActionOf(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action;
}

TEST(DefersASignalOfThisThreadToTheEndOfTheScope) {
  Handle(OnSignal, 0);
  {
    const DeferredSignals deferred;
    Raise(SIGUSR1);
    Raise(SIGUSR1);
    CHECK_EQUAL(handled, 0);
  }
  CHECK_EQUAL(handled, 1);
  Raise(SIGUSR1);
  CHECK_EQUAL(handled, 2);
}

TEST(HandlesASignalOfAnotherThreadAtOnce) {
  Handle(OnSignal, 0);
  pid_t id = 0;
  const DeferredSignals deferred;
  std::thread other([&id] {
    id = static_cast<pid_t>(syscall(SYS_gettid));
    Raise(SIGUSR1);
  });
  other.join();
  CHECK_EQUAL(handled, 1);
  CHECK_EQUAL(handled_by, id);
}

TEST(ResetsAHandlerForOneSignalThatRanOnAnotherThread) {
  Handle(OnSignal, static_cast<int>(SA_RESETHAND));
  {
    const DeferredSignals deferred;
    std::thread([] { Raise(SIGUSR1); }).join();
    CHECK_EQUAL(handled, 1);
  }
  CHECK_EQUAL(Disposition() == SIG_DFL, true);
}

std::atomic<int> received{0};
void OnInformation(int, siginfo_t* info, void*) { received = info->si_pid; }

TEST(PassesInformationToAHandlerOnAnotherThread) {
  struct sigaction action = {};
  action.sa_sigaction = OnInformation;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &action, nullptr);
  const DeferredSignals deferred;
  std::thread([] { Raise(SIGUSR1); }).join();
  CHECK_EQUAL(received, getpid());
}

TEST(DefersNoFault) {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
    sigaction(signal, &action, nullptr);
    const DeferredSignals deferred;
    CHECK_EQUAL(ActionOf(signal).sa_handler == OnSignal, true);
  }
}

// execve(2) keeps an ignored signal ignored, but not one that has a handler.
TEST(GivesIgnoredSignalsAHandlerThatDropsThem) {
  for (const int signal : {SIGUSR1, SIGSYS}) {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(signal, &ignore, nullptr);
    {
      const DeferredSignals deferred;
      CHECK_EQUAL(ActionOf(signal).sa_handler == SIG_IGN, false);
      CHECK_EQUAL(ActionOf(signal).sa_handler == SIG_DFL, false);
      Raise(signal);
      std::thread([signal] { Raise(signal); }).join();
    }
    CHECK_EQUAL(ActionOf(signal).sa_handler == SIG_IGN, true);
  }
}

TEST(LeavesADispositionThatWasChangedMeanwhile) {
  Handle(OnSignal, 0);
  {
    const DeferredSignals deferred;
    Handle(SIG_IGN, 0);
  }
  CHECK_EQUAL(Disposition() == SIG_IGN, true);
  {
    const DeferredSignals deferred;
    Handle(SIG_DFL, 0);
  }
  CHECK_EQUAL(Disposition() == SIG_DFL, true);
}

TEST(LeavesDefaultDispositionsAndFlags) {
  Handle(OnSignal, SA_NODEFER);
  const DeferredSignals deferred;
  CHECK_EQUAL(ActionOf(SIGUSR2).sa_handler == SIG_DFL, true);
  const int flags = ActionOf(SIGUSR1).sa_flags;
  CHECK_EQUAL(flags & (SA_NODEFER | SA_RESTART | SA_SIGINFO), SA_NODEFER | SA_RESTART | SA_SIGINFO);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
