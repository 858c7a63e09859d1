// The thread that serves all listeners of this process.
#include "supervisor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "launch.h"

namespace seccomp {
namespace {

// A core dump may take its time; what is ended then has a shorter one.
constexpr std::chrono::milliseconds kUntilKill{2000};

}  // namespace

Supervisor& Supervisor::Get() {
  static Supervisor* supervisor = new Supervisor();
  return *supervisor;
}

Failure Supervisor::Serve(std::shared_ptr<Listener> listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Failure failure = Start();
  if (failure.error != 0) return failure;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = listener->id();
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener->descriptor(), &event) != 0) return {errno, "epoll_ctl"};
  listeners_.emplace(listener->id(), std::move(listener));
  return {};
}

Failure Supervisor::Start() {
  if (epoll_.get() >= 0) return {};
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.get() < 0) return {errno, "epoll_create1"};
  const SignalsBlocked blocked;  // The thread inherits that: signals are for Node's.
  epoll_ = std::move(epoll);
  pthread_t thread = 0;
  const auto run = [](void* self) -> void* { static_cast<Supervisor*>(self)->Run(); };
  const int error = pthread_create(&thread, nullptr, run, this);
  if (error != 0) {
    epoll_ = Descriptor();
    return {error, "pthread_create"};
  }
  pthread_detach(thread);
  return {};
}

void Supervisor::Run() {
  prctl(PR_SET_NAME, "seccomp", 0L, 0L, 0L);
  Received received;
  std::vector<Descriptor> doomed;
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), EndDoomed());
    for (int i = 0; i < count; i++) {
      const std::shared_ptr<Listener> listener = Find(events[i].data.u64);
      if (listener == nullptr) continue;
      if ((events[i].events & EPOLLIN) != 0) {
        listener->Serve(&received, &doomed);
      } else {
        Remove(listener);
      }
    }
    for (Descriptor& process : doomed) {
      doomed_.push_back({std::move(process), std::chrono::steady_clock::now() + kUntilKill});
    }
    doomed.clear();
  }
}

// Milliseconds until there is something to do again; -1: nothing.
int Supervisor::EndDoomed() {
  while (!doomed_.empty()) {
    const auto left = doomed_.front().due - std::chrono::steady_clock::now();
    if (left.count() > 0) {
      return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) + 1;
    }
    SendSignal(doomed_.front().process, SIGKILL);
    doomed_.erase(doomed_.begin());
  }
  return -1;
}

std::shared_ptr<Listener> Supervisor::Find(uint64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = listeners_.find(id);
  return found == listeners_.end() ? nullptr : found->second;
}

void Supervisor::Remove(const std::shared_ptr<Listener>& listener) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    listeners_.erase(listener->id());
  }
  // Said, as a fork of this process may have the descriptor still.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener->descriptor(), nullptr);
  listener->Close();
  listener->inbox()->AddEnd(listener->id());
}

void Supervisor::DenyAskedOf(const Inbox* inbox) {
  std::vector<std::shared_ptr<Listener>> listeners;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, listener] : listeners_) {
      if (listener->inbox().get() == inbox) listeners.push_back(listener);
    }
  }
  for (const auto& listener : listeners) listener->DenyAsked();
}

}  // namespace seccomp
