// Runs connections, each on a thread of its own, as connect(2) may block for minutes.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "supervisor/connection.h"

namespace seccomp {

// At most kMaxPerListener connections of one listener run at once. Further connections wait, so a program with a
// thousand threads that connect uses four threads and sockets here, and keeps no other program waiting.
class Connector {
 public:
  static constexpr int kMaxPerListener = 4;

  // Never destroyed: its threads go on while the process ends.
  static Connector& Get();
  void Add(std::shared_ptr<Connection> connection);

 private:
  struct Queue {
    int running = 0;
    std::deque<std::shared_ptr<Connection>> waiting;
  };
  Connector() = default;
  // Starts connections as soon as they may run. Their threads don't start one another: a thread that has acted for a
  // notified thread keeps its root directory and capabilities, and a new thread would inherit them.
  [[noreturn]] void StartThreads();
  // The caller of these functions holds mutex_.
  void StartWaiting();
  void OnEnd(std::shared_ptr<Connection> connection);
  // Takes the next connection that may run, or returns nullptr.
  std::shared_ptr<Connection> Next();

  std::mutex mutex_;
  std::condition_variable changed_;   // A connection was added, or one has ended.
  bool has_starter_ = false;          // The thread of StartThreads runs.
  std::map<uint64_t, Queue> queues_;  // By listener.
  std::vector<std::shared_ptr<Connection>> ended_;
};

}  // namespace seccomp
