#include "child/deferred_signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

#include "system/linux_abi.h"

namespace seccomp {
namespace {

struct Signal {
  struct sigaction before;        // Its disposition outside of the scope.
  bool is_replaced;               // Its handler is OnSignal.
  std::atomic<bool> has_arrived;  // It has been deferred.
};

// Of the one scope that exists. Static, since OnSignal may still run on other threads after the end of the scope.
std::mutex mutex;
pthread_t deferring_thread;
std::array<Signal, kLastSignal> signals;

Signal& Of(int signal) { return signals[static_cast<size_t>(signal) - 1]; }

bool IsFault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP ||
         signal == SIGSYS;
}

// Must be async-signal-safe, and on a deferring thread must neither make a system call, which a filter may deny, nor
// change errno, which both threads use.
void OnSignal(int number, siginfo_t* info, void* context) {
  Signal& signal = Of(number);
  const struct sigaction& before = signal.before;
  if (before.sa_handler == SIG_IGN) return;
  if (pthread_equal(pthread_self(), deferring_thread) != 0) {
    signal.has_arrived = true;
    return;
  }
  if ((before.sa_flags & SA_RESETHAND) != 0) {
    const struct sigaction by_default = {};
    sigaction(number, &by_default, nullptr);
  }
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(number, info, context);
  } else {
    before.sa_handler(number);
  }
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == OnSignal;
}

void Replace(int number) {
  Signal& signal = Of(number);
  signal.is_replaced = false;
  signal.has_arrived = false;
  // Fails for the signals that libc reserves.
  if (sigaction(number, nullptr, &signal.before) != 0 || signal.before.sa_handler == SIG_DFL) return;
  if (IsFault(number) && signal.before.sa_handler != SIG_IGN) return;
  struct sigaction ours = signal.before;
  ours.sa_sigaction = OnSignal;
  // With SA_RESTART the deferring thread's futex(2) does not fail, which would change errno.
  ours.sa_flags = (ours.sa_flags & ~static_cast<int>(SA_RESETHAND)) | SA_SIGINFO | SA_RESTART;
  signal.is_replaced = sigaction(number, &ours, nullptr) == 0;
}

// Leaves a disposition that another thread has changed meanwhile.
void Restore(int number) {
  struct sigaction now = {};
  if (!Of(number).is_replaced || sigaction(number, nullptr, &now) != 0 || !IsOurs(now)) return;
  sigaction(number, &Of(number).before, nullptr);
}

}  // namespace

DeferredSignals::DeferredSignals() {
  mutex.lock();
  deferring_thread = pthread_self();
  for (int number = 1; number <= kLastSignal; number++) Replace(number);
}

DeferredSignals::~DeferredSignals() {
  for (int number = 1; number <= kLastSignal; number++) Restore(number);
  for (int number = 1; number <= kLastSignal; number++) {
    if (Of(number).has_arrived) kill(getpid(), number);
  }
  mutex.unlock();
}

}  // namespace seccomp
