#include "supervisor/connector.h"

#include <utility>

#include "supervisor/listener.h"
#include "system/threads.h"

namespace seccomp {

Connector& Connector::Get() {
  static Connector* connector = new Connector();
  return *connector;
}

void Connector::Add(std::shared_ptr<Connection> connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!has_starter_) {
    const int error = StartThread("seccomp-queue", [this] { StartThreads(); });
    if (error != 0) {
      connection->Report(error);
      return;
    }
    has_starter_ = true;
  }
  queues_[connection->listener().id()].waiting.push_back(std::move(connection));
  changed_.notify_one();
}

void Connector::StartThreads() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    StartWaiting();
    // Here, since a Connection that is destroyed may start the thread that closes its socket.
    std::vector<std::shared_ptr<Connection>> ended;
    ended.swap(ended_);
    if (ended.empty()) {
      changed_.wait(lock);
    } else {
      lock.unlock();
      ended.clear();
      lock.lock();
    }
  }
}

std::shared_ptr<Connection> Connector::Next() {
  for (auto& [listener, queue] : queues_) {
    if (queue.running >= kMaxPerListener || queue.waiting.empty()) continue;
    std::shared_ptr<Connection> next = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    queue.running++;
    return next;
  }
  return nullptr;
}

void Connector::StartWaiting() {
  while (std::shared_ptr<Connection> connection = Next()) {
    const int error = StartThread("seccomp-connect", [this, connection]() mutable {
      connection->Run();
      const std::lock_guard<std::mutex> lock(mutex_);
      OnEnd(std::move(connection));
      changed_.notify_one();
    });
    if (error == 0) continue;
    connection->Report(error);
    OnEnd(std::move(connection));
  }
}

void Connector::OnEnd(std::shared_ptr<Connection> connection) {
  const auto queue = queues_.find(connection->listener().id());
  queue->second.running--;
  if (queue->second.running == 0 && queue->second.waiting.empty()) queues_.erase(queue);
  ended_.push_back(std::move(connection));
}

}  // namespace seccomp
