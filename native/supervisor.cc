// The thread that serves all listeners of this process.
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <utility>

#include "launch.h"

namespace seccomp {
namespace {

// A core dump may take its time; what is ended then has a shorter one.
constexpr std::chrono::milliseconds kUntilKill{2000};

// After so many calls a listener counts as busy.
constexpr uint64_t kOften = 64;

}  // namespace

Supervisor& Supervisor::Get() {
  static Supervisor* supervisor = new Supervisor();
  return *supervisor;
}

Failure Supervisor::Serve(std::shared_ptr<Listener> listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Failure failure = Start();
  if (failure.error != 0) return failure;
  if (!Watch(EPOLL_CTL_ADD, *listener)) return {errno, "epoll_ctl"};
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
  received_ = std::make_unique<Received>();
  std::array<pollfd, kMostBusy + 1> polled = {};
  for (;;) {
    polled[0] = {epoll_.get(), POLLIN, 0};
    for (size_t i = 0; i < busy_.size(); i++) polled[i + 1] = {busy_[i]->descriptor(), POLLIN, 0};
    if (poll(polled.data(), busy_.size() + 1, EndDoomed()) <= 0) continue;
    for (size_t i = busy_.size(); i > 0; i--) {  // From the last on: one may leave the list.
      const std::shared_ptr<Listener> listener = busy_[i - 1];
      if ((polled[i].revents & POLLIN) != 0) {
        listener->Serve(received_.get(), &ending_);
      } else if (polled[i].revents != 0) {
        busy_.erase(busy_.begin() + static_cast<std::ptrdiff_t>(i - 1));
        Remove(listener);
      }
    }
    if (polled[0].revents != 0) ServeEvents();
    for (Descriptor& process : ending_) {
      doomed_.push_back({std::move(process), std::chrono::steady_clock::now() + kUntilKill});
    }
    ending_.clear();
  }
}

void Supervisor::ServeEvents() {
  std::array<epoll_event, 64> events = {};
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; i++) {
    const std::shared_ptr<Listener> listener = Find(events[i].data.u64);
    if (listener == nullptr) continue;
    if ((events[i].events & EPOLLIN) == 0) {
      Watch(EPOLL_CTL_DEL, *listener);
      Remove(listener);
    } else if (listener->Serve(received_.get(), &ending_) % kOften == 0) {
      MakeBusy(listener);
    }
  }
}

// Takes the place of the one that has been there longest.
void Supervisor::MakeBusy(const std::shared_ptr<Listener>& listener) {
  Watch(EPOLL_CTL_DEL, *listener);
  if (busy_.size() < kMostBusy) {
    busy_.push_back(listener);
    return;
  }
  std::shared_ptr<Listener>& place = busy_[next_busy_++ % kMostBusy];
  // Without room for it in epoll it keeps its place.
  if (Watch(EPOLL_CTL_ADD, *place)) {
    place = listener;
  } else {
    Watch(EPOLL_CTL_ADD, *listener);
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

// epoll(7) does not forget a listener when it is closed, if a fork of this process has its descriptor.
bool Supervisor::Watch(int operation, const Listener& listener) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = listener.id();
  return epoll_ctl(epoll_.get(), operation, listener.descriptor(), &event) == 0;
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
