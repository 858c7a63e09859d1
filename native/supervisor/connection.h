// Connects another process's socket in its place, on threads of its own.
#ifndef SECCOMP_NATIVE_CONNECT_H_
#define SECCOMP_NATIVE_CONNECT_H_

#include <napi.h>
#include <sys/socket.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "napi/read_request.h"
#include "system/threads.h"

namespace seccomp {

class Listener;

// One connect(2) for a call that waits.
class Connection {
 public:
  // `number`: by which JavaScript knows it. `size` is at most that of a sockaddr_storage.
  Connection(double number, std::shared_ptr<Listener> listener, uint64_t call, pid_t thread, Descriptor socket,
             const void* address, socklen_t size);

  Listener& listener() const { return *listener_; }

  // On a thread that does nothing else afterwards: connects, if the call waits still, and tells JavaScript.
  void Run();
  // Tells JavaScript what became of it: 0 or an errno.
  void Tell(int error);

  static constexpr int kContinued = -1;
  // For the listener, which is about to answer the call with an errno, or kContinued: if that is not what became of the
  // connection, undoes it or sees to it that it is not made.
  void End(int answer);

 private:
  int Connect();
  int ConnectTo(const sockaddr* address, socklen_t size);
  bool Enter(const Interruption* interruption);
  int Leave(int error);
  bool IsUnixPath() const;
  void Undo() const;

  const double number_;
  const std::shared_ptr<Listener> listener_;
  const uint64_t call_;
  const pid_t thread_;
  const Descriptor socket_;
  sockaddr_storage address_ = {};
  const socklen_t size_;
  std::mutex mutex_;
  enum class State { kWaits, kConnects, kDone } state_ = State::kWaits;
  const Interruption* interruption_ = nullptr;  // While it connects.
  bool is_over_ = false;                        // The call has been answered.
  int result_ = 0;
};

// Runs connections, each on a thread of its own. Those of one listener beyond kMostOfOne, and beyond kMost of all, wait
// until it is their turn; listeners take turns.
class Connector {
 public:
  static constexpr int kMostOfOne = 4;
  static constexpr int kMost = 64;

  // Never destroyed: its threads go on while the process ends.
  static Connector& Get();
  void Add(std::shared_ptr<Connection> connection);

 private:
  struct Queue {
    int running = 0;
    std::deque<std::shared_ptr<Connection>> waiting;
  };
  Connector() = default;
  void StartThoseThatMay();
  void Ended(uint64_t listener);
  // nullptr: none may run now.
  std::shared_ptr<Connection> Next();

  std::mutex mutex_;
  std::map<uint64_t, Queue> queues_;  // By listener.
  uint64_t last_ = 0;                 // The listener whose connection was started last.
  int running_ = 0;
};

// socketOf(listener, call, tid, descriptor): the domain, type and protocol of a socket of a thread that waits in a
// call; or -errno.
Napi::Value SocketOf(const Napi::CallbackInfo& info);

// connect(listener, call, tid, descriptor, address, seen?): takes the socket of a thread that waits in a call, and
// connects it, if it is as SocketOf gave it in `seen`. Gives a number by which the inbox tells of its end, or -errno.
Napi::Value Connect(const Napi::CallbackInfo& info);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CONNECT_H_
