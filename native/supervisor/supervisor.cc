#include "supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "system/threads.h"

namespace seccomp {
namespace {

constexpr const char* kThreadName = "seccomp";

// A listener gets a thread of its own after this many calls, if fewer than kMaxOwnThreads listeners have one. Otherwise
// this is tried again after as many further calls.
constexpr uint64_t kCallsForThread = 8;
constexpr int kMaxOwnThreads = 64;

// Threads that wait for events, beyond which one ends.
constexpr int kMostWaiting = 2;

// Whether all processes with the filter have ended, by the events that poll(2) or epoll_wait(2) reports for a listener.
// POLLERR alone means that the kernel did not look: another thread was using the listener, and a signal was pending or
// this process was being stopped.
bool HasEnded(uint32_t events) {
  static_assert(POLLIN == EPOLLIN && POLLHUP == EPOLLHUP);
  return (events & EPOLLHUP) != 0 && (events & EPOLLIN) == 0;
}

}  // namespace

Supervisor& Supervisor::Get() {
  static Supervisor* supervisor = new Supervisor();
  return *supervisor;
}

int ReadyThread::Start(const char* name, Serve serve) {
  const auto place = std::make_shared<Place>();
  const int error = StartThread(name, [place, serve = std::move(serve)] {
    std::unique_lock<std::mutex> lock(place->mutex);
    place->is_given.wait(lock, [&place] { return place->listener.has_value(); });
    const std::shared_ptr<Listener> listener = std::move(*place->listener);
    lock.unlock();
    if (listener != nullptr) serve(listener);
  });
  if (error == 0) place_ = place;
  return error;
}

void ReadyThread::Give(std::shared_ptr<Listener> listener) {
  if (place_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(place_->mutex);
    place_->listener = std::move(listener);
  }
  place_->is_given.notify_one();
  place_.reset();
}

// A file system that does not answer must not keep other listeners waiting, and a thread that looks for files takes the
// rights of their process.
Failure Supervisor::Prepare(const Supervision& supervision, ReadyThread* thread) {
  if (!supervision.paths.empty()) {
    const int error = thread->Start(kThreadName, [this](const auto& listener) { RunFor(listener); });
    return error == 0 ? Failure{} : Failure{error, "pthread_create"};
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return Start();
}

Failure Supervisor::Serve(std::shared_ptr<Listener> listener) {
  ReadyThread thread;
  const Failure failure = Prepare(listener->supervision(), &thread);
  return failure.error == 0 ? Serve(std::move(listener), &thread) : failure;
}

Failure Supervisor::Serve(std::shared_ptr<Listener> listener, ReadyThread* thread) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!thread->is_started() && !Watch(EPOLL_CTL_ADD, *listener)) return {errno, "epoll_ctl"};
  listeners_.emplace(listener->id(), listener);
  thread->Give(std::move(listener));
  return {};
}

Failure Supervisor::Start() {
  if (epoll_.get() >= 0) return {};
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.get() < 0) return {errno, "epoll_create1"};
  epoll_ = std::move(epoll);
  const int error = StartShared();
  if (error == 0) return {};
  epoll_ = Descriptor();
  return {error, "pthread_create"};
}

int Supervisor::StartShared() {
  waiting_++;
  const int error = StartThread(kThreadName, [this] { Run(); });
  if (error != 0) waiting_--;
  return error;
}

// Each thread takes one event at a time, and leaves another thread behind that waits for the next.
void Supervisor::Run() {
  Notification notification;
  for (;;) {
    epoll_event event = {};
    if (epoll_wait(epoll_.get(), &event, 1, -1) != 1) continue;
    if (--waiting_ == 0) StartShared();  // If it fails, the others wait for this event only.
    ServeEvent(event, &notification);
    if (++waiting_ <= kMostWaiting) continue;
    waiting_--;
    return;
  }
}

void Supervisor::ServeEvent(const epoll_event& event, Notification* notification) {
  const std::shared_ptr<Listener> listener = Find(event.data.u64);
  if (listener == nullptr) return;
  if (HasEnded(event.events)) {
    Watch(EPOLL_CTL_DEL, *listener);
    Remove(listener);
    return;
  }
  const bool is_served = (event.events & EPOLLIN) != 0 && listener->Serve(notification);
  if (is_served && listener->served() % kCallsForThread == 0 && GiveThread(listener)) return;
  // The thread that serves it next takes this lock in Find, and then sees what this one has written.
  const std::lock_guard<std::mutex> lock(mutex_);
  Watch(EPOLL_CTL_MOD, *listener);
}

// A thread that waits in SECCOMP_IOCTL_NOTIF_RECV is woken on the CPU of the calling thread, which waits then
// (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP). A thread that waits in epoll_wait(2) is not, which costs twice as much.
bool Supervisor::GiveThread(const std::shared_ptr<Listener>& listener) {
  if (own_threads_ >= kMaxOwnThreads) return false;
  own_threads_++;
  const auto run = [this, listener] {
    Watch(EPOLL_CTL_DEL, *listener);
    RunFor(listener);
    own_threads_--;
  };
  const bool is_started = StartThread(kThreadName, run) == 0;
  if (!is_started) own_threads_--;
  return is_started;
}

void Supervisor::RunFor(const std::shared_ptr<Listener>& listener) {
  const bool receive_ends = Listener::ReceiveEnds();
  Notification notification;
  for (bool may_receive = receive_ends;;) {
    if (!may_receive) {
      pollfd polled = {listener->descriptor(), POLLIN, 0};
      if (poll(&polled, 1, -1) <= 0) continue;
      if (HasEnded(static_cast<uint32_t>(polled.revents))) break;
      if ((polled.revents & POLLIN) == 0) continue;
    }
    // Serve fails if the notified thread was interrupted or if all processes have ended. poll(2) distinguishes the two.
    may_receive = listener->Serve(&notification) && receive_ends;
  }
  Remove(listener);
}

// A listener must be removed before it is closed: if a fork of this process has its descriptor, epoll(7) keeps it.
bool Supervisor::Watch(int operation, const Listener& listener) {
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLONESHOT;  // One thread serves it.
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
}

void Supervisor::DenyCallsOf(const Mailbox* mailbox) {
  std::vector<std::shared_ptr<Listener>> listeners;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, listener] : listeners_) {
      if (&listener->mailbox() == mailbox) listeners.push_back(listener);
    }
  }
  for (const auto& listener : listeners) listener->DenyWaiting();
}

}  // namespace seccomp
