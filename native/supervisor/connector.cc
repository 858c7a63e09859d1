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
    changed_.wait(lock);
  }
}

std::shared_ptr<Connection> Connector::Next() {
  if (running_ >= kMaxTotal) return nullptr;
  auto at = queues_.upper_bound(last_);
  for (size_t i = 0; i < queues_.size(); i++, at++) {
    if (at == queues_.end()) at = queues_.begin();
    auto& [listener, queue] = *at;
    if (queue.running >= kMaxPerListener || queue.waiting.empty()) continue;
    std::shared_ptr<Connection> next = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    queue.running++;
    running_++;
    last_ = listener;
    return next;
  }
  return nullptr;
}

void Connector::StartWaiting() {
  while (const std::shared_ptr<Connection> connection = Next()) {
    const uint64_t listener = connection->listener().id();
    const int error = StartThread("seccomp-connect", [this, connection, listener] {
      connection->Run();
      const std::lock_guard<std::mutex> lock(mutex_);
      OnEnd(listener);
      changed_.notify_one();
    });
    if (error == 0) continue;
    connection->Report(error);
    OnEnd(listener);
  }
}

void Connector::OnEnd(uint64_t listener) {
  running_--;
  const auto queue = queues_.find(listener);
  queue->second.running--;
  if (queue->second.running == 0 && queue->second.waiting.empty()) queues_.erase(queue);
}

}  // namespace seccomp
