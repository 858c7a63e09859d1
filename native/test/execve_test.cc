// Tests of ReplaceThisProcess. Each runs in a process of its own, as `execve_test NAME`.
#include "child/execve.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "check.h"

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

void (*Disposition())(int) {
  struct sigaction action = {};
  sigaction(SIGUSR1, nullptr, &action);
  return action.sa_handler;
}

// Tries to start a program that does not exist.
int Fail() {
  Request request;
  request.candidates = {"/no/such/file"};
  request.arguments = {"file"};
  request.stdio = {0, 1, 2};
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

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
