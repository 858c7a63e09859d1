// The threads that serve the listeners of this process: one for all, and those of listeners with many calls.
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "launch.h"

namespace seccomp {
namespace {

// A core dump may take its time; what is ended then has a shorter one.
constexpr std::chrono::milliseconds kUntilKill{2000};

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

// Its signals are Node's.
int StartThread(void* (*run)(void*), void* argument) {
  const SignalsBlocked blocked;
  if (blocked.error() != 0) return blocked.error();
  pthread_t thread = 0;
  const int error = pthread_create(&thread, nullptr, run, argument);
  if (error == 0) pthread_detach(thread);
  return error;
}

void NameThread() { prctl(PR_SET_NAME, "seccomp", 0L, 0L, 0L); }

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
  Descriptor bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (bell.get() < 0) return {errno, "eventfd"};
  epoll_event event = {};  // No listener has the number 0.
  event.events = EPOLLIN | EPOLLET;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.get(), &event) != 0) return {errno, "epoll_ctl"};
  epoll_ = std::move(epoll);
  bell_ = std::move(bell);
  const auto run = [](void* self) -> void* { static_cast<Supervisor*>(self)->Run(); };
  const int error = StartThread(run, this);
  if (error == 0) return {};
  epoll_ = Descriptor();
  bell_ = Descriptor();
  return {error, "pthread_create"};
}

void Supervisor::Run() {
  NameThread();
  Received received;
  std::array<epoll_event, 64> events = {};
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), EndDoomed());
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
  std::vector<Descriptor> ending;
  const bool served = listener->Serve(received, &ending);
  Doom(&ending);
  if (served && listener->served() % kOften == 0) GiveThread(listener);
}

// A wakeup through epoll forgets that the caller waits and its CPU is free (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP), and
// costs twice as much as one that is waited for in the call itself.
void Supervisor::GiveThread(const std::shared_ptr<Listener>& listener) {
  struct Start {
    Supervisor* supervisor;
    std::shared_ptr<Listener> listener;
  };
  if (alone_ >= kMostAlone) return;
  alone_++;
  Watch(EPOLL_CTL_DEL, *listener);
  const auto run = [](void* data) -> void* {
    const std::unique_ptr<Start> start(static_cast<Start*>(data));
    start->supervisor->RunAlone(start->listener);
    return nullptr;
  };
  Start* const given = std::make_unique<Start>(Start{this, listener}).release();
  if (StartThread(run, given) == 0) return;
  const std::unique_ptr<Start> returned(given);
  alone_--;
  // Closed, its calls fail; waiting for nobody, they would not.
  if (!Watch(EPOLL_CTL_ADD, *listener)) Remove(listener);
}

void Supervisor::RunAlone(const std::shared_ptr<Listener>& listener) {
  NameThread();
  static const bool receive_ends = ReceiveEnds();
  Received received;
  std::vector<Descriptor> ending;
  for (bool is_known = receive_ends;;) {
    if (!is_known) {
      pollfd polled = {listener->descriptor(), POLLIN, 0};
      if (poll(&polled, 1, -1) <= 0) continue;
      if ((polled.revents & POLLIN) == 0) break;
    }
    // If there is no call now, it was taken back or there is none any more.
    is_known = listener->ServeAlone(&received, &ending) && receive_ends;
    Doom(&ending);
  }
  Remove(listener);
  alone_--;
}

void Supervisor::Doom(std::vector<Descriptor>* processes) {
  if (processes->empty()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Descriptor& process : *processes) {
    doomed_.push_back({std::move(process), std::chrono::steady_clock::now() + kUntilKill});
  }
  processes->clear();
  static_cast<void>(eventfd_write(bell_.get(), 1));  // Its reader need not read it: each is an event.
}

// Milliseconds until there is something to do again; -1: nothing.
int Supervisor::EndDoomed() {
  const std::lock_guard<std::mutex> lock(mutex_);
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
