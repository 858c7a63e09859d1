// Connects the socket of a notified thread on behalf of that thread: one connect(2) for one waiting call.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "system/descriptor.h"
#include "system/threads.h"

namespace seccomp {

class Listener;

// The parameters of the socket(2) call that made a socket.
struct SocketTraits {
  int domain, type, protocol;

  bool operator==(const SocketTraits& other) const {
    return domain == other.domain && type == other.type && protocol == other.protocol;
  }
};

// Duplicates a socket of `thread`. Returns 0 or an errno; ENOTSOCK: the descriptor is not a socket. The caller must
// check afterwards that the call still waits: otherwise the thread ID may have been reused, and the socket may be that
// of another process. Before Linux 6.9, the socket is that of the thread's process, whose first thread must not have
// ended. May only be called, and the socket only closed, where nobody else waits: see Worker. Linux 5.6,
// pidfd_getfd(2).
int DuplicateSocket(pid_t thread, int descriptor, Descriptor* socket, SocketTraits* traits);

// What a connection is made of.
struct ConnectionRequest {
  std::shared_ptr<Listener> listener;
  uint64_t call = 0;
  pid_t thread = 0;
  int descriptor = -1;                   // The thread's number for its socket.
  std::optional<SocketTraits> expected;  // The socket must have these.
  sockaddr_storage address = {};
  socklen_t size = 0;
};

class Connection {
 public:
  // `number` is the connection's number in JavaScript.
  Connection(double number, ConnectionRequest request);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Listener& listener() const { return *request_.listener; }

  // Duplicates the socket, connects it if the call still waits, and reports the result. The calling thread may keep the
  // root directory, working directory, groups and capabilities of the notified thread.
  void Run();
  // Reports the result to JavaScript: 0 or an errno.
  void Report(int error) const;

  static constexpr int kContinued = -1;
  // Called by the listener before it answers the call. `answer` is an errno, or kContinued. If the answer differs from
  // the result of the connection, prevents it; returns true if it must be undone before the call is answered.
  bool End(int answer);
  // Dissolves the connection, as the notified process may make this wait. May be called while another thread is in
  // connect(2).
  void Undo() const;

 private:
  int Connect();
  int OpenSocket();
  int CheckAddress(const SocketTraits& traits) const;
  int ConnectAsThread();
  int ConnectTo(const sockaddr* address, socklen_t size);
  bool Enter(const Interruption* interruption);
  int Leave(int error);
  bool IsUnixPath() const;

  const double number_;
  const ConnectionRequest request_;
  Descriptor socket_;  // Set by Run, before the state changes.
  std::mutex mutex_;   // Guards the members below.
  enum class State { kWaits, kConnects, kDone } state_ = State::kWaits;
  const Interruption* interruption_ = nullptr;  // Of the thread that is in connect(2).
  bool is_answered_ = false;                    // The call has been answered.
  int result_ = 0;
};

}  // namespace seccomp
