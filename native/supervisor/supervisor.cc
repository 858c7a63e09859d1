// The threads that serve the listeners of this process: one for all, and those of listeners with many calls.
#include "supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "system/threads.h"

namespace seccomp {
namespace {

constexpr const char* kThreadName = "seccomp";

// After so many calls a listener has a thread of its own, if not too many have.
constexpr uint64_t kOften = 8;
constexpr int kMostAlone = 64;

// Whether SECCOMP_IOCTL_NOTIF_RECV returns when all that have the filter are gone: since Linux 6.11.
bool ReceiveEnds() {
  utsname system = {};
  if (uname(&system) != 0) return false;
  char* rest = nullptr;
  const long major = strtol(system.release, &rest, 10);
  const long minor = *rest == '.' ? strtol(rest + 1, nullptr, 10) : 0;
  return major > 6 || (major == 6 && minor >= 11);
}

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
  epoll_ = std::move(epoll);
  const int error = StartThread(kThreadName, [this] { Run(); });
  if (error == 0) return {};
  epoll_ = Descriptor();
  return {error, "pthread_create"};
}

void Supervisor::Run() {
  Received received;
  std::array<epoll_event, 64> events = {};
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; i++) ServeEvent(events[i], &received);
  }
}

void Supervisor::ServeEvent(const epoll_event& event, Received* received) {
  const std::shared_ptr<Listener> listener = Find(event.data.u64);
  if (listener == nullptr) return;
  if ((event.events & EPOLLIN) == 0) {
    Watch(EPOLL_CTL_DEL, *listener);
    Remove(listener);
    return;
  }
  if (listener->Serve(received) && listener->served() % kOften == 0) GiveThread(listener);
}

// A wakeup through epoll forgets that the caller waits and its CPU is free (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP), and
// costs twice as much as one that is waited for in the call itself.
void Supervisor::GiveThread(const std::shared_ptr<Listener>& listener) {
  if (alone_ >= kMostAlone) return;
  alone_++;
  Watch(EPOLL_CTL_DEL, *listener);
  if (StartThread(kThreadName, [this, listener] { RunAlone(listener); }) == 0) return;
  alone_--;
  // Closed, its calls fail; waiting for nobody, they would not.
  if (!Watch(EPOLL_CTL_ADD, *listener)) Remove(listener);
}

void Supervisor::RunAlone(const std::shared_ptr<Listener>& listener) {
  static const bool receive_ends = ReceiveEnds();
  Received received;
  for (bool is_known = receive_ends;;) {
    if (!is_known) {
      pollfd polled = {listener->descriptor(), POLLIN, 0};
      if (poll(&polled, 1, -1) <= 0) continue;
      if ((polled.revents & POLLIN) == 0) break;
    }
    // If there is no call now, it was taken back or there is none any more.
    is_known = listener->Serve(&received) && receive_ends;
  }
  Remove(listener);
  alone_--;
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
