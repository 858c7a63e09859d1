#include "system/threads.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "system/signals_blocked.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace seccomp {
namespace {

struct Start {
  const char* name;
  std::function<void()> run;
};

// Installs a handler that does nothing for a real-time signal with the default disposition. Returns the signal's
// number, or 0 if there is no such signal.
int ClaimSignal() {
  struct sigaction nothing = {};
  nothing.sa_handler = [](int) {};  // Without SA_RESTART, so that calls fail with EINTR.
  for (int number = SIGRTMAX; number >= SIGRTMIN; number--) {
    struct sigaction before = {};
    if (sigaction(number, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
    if (sigaction(number, &nothing, nullptr) == 0) return number;
  }
  return 0;
}

}  // namespace

int StartThread(const char* name, std::function<void()> run) {
  const auto main = [](void* data) -> void* {
    const std::unique_ptr<Start> start(static_cast<Start*>(data));
    prctl(PR_SET_NAME, start->name, 0L, 0L, 0L);
    start->run();
    return nullptr;
  };
  const SignalsBlocked blocked(Signals::kButThoseOfLibc);
  if (blocked.error() != 0) return blocked.error();
  auto* const start = new Start{name, std::move(run)};  // The thread owns it.
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, main, start);
  if (error == 0) {
    pthread_detach(thread);
  } else {
    delete start;
  }
  return error;
}

// The timer's calls are made by syscall(2): before glibc 2.34 their wrappers are in librt.
Interruption::Interruption() {
  static const int number = ClaimSignal();
  if (number == 0) return;
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = number;
  event.sigev_notify_thread_id = static_cast<pid_t>(syscall(SYS_gettid));
  if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer_) != 0) timer_ = -1;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Interruption::~Interruption() {
  if (timer_ >= 0) syscall(SYS_timer_delete, timer_);
}

void Interruption::Every(int milliseconds) const {
  const timespec interval = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  const itimerspec timer = {interval, interval};
  if (timer_ >= 0) syscall(SYS_timer_settime, timer_, 0, &timer, nullptr);
}

}  // namespace seccomp
