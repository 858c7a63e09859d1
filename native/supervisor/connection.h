// Connects the socket of a notified thread on behalf of that thread: one connect(2) for one waiting call.
#ifndef SECCOMP_NATIVE_SUPERVISOR_CONNECTION_H_
#define SECCOMP_NATIVE_SUPERVISOR_CONNECTION_H_

#include <sys/socket.h>

#include <memory>
#include <mutex>

#include "system/descriptor.h"
#include "system/threads.h"

namespace seccomp {

class Listener;

// The parameters of the socket(2) call that made a socket.
struct SocketTraits {
  int domain, type, protocol;
};

// Duplicates a socket of `thread`. Returns 0 or an errno; ENOTSOCK: the descriptor is not a socket. The caller must
// check afterwards that the call still waits: otherwise the thread ID may have been reused, and the socket may be that
// of another process. Linux 5.6, pidfd_getfd(2).
int DuplicateSocket(pid_t thread, int descriptor, Descriptor* socket, SocketTraits* traits);

// Whether an address of `family` may be passed to a socket of `domain`. JavaScript parsed the address by its family,
// and the notified process may since have replaced its socket by one of another domain. IPv6 sockets accept IPv4
// addresses, and AF_UNSPEC dissolves a connection.
bool IsAddressFor(int domain, int family);

class Connection {
 public:
  // `number` is the connection's number in JavaScript. `size` is at most that of a sockaddr_storage.
  Connection(double number, std::shared_ptr<Listener> listener, uint64_t call, pid_t thread, Descriptor socket,
             const void* address, socklen_t size);

  Listener& listener() const { return *listener_; }

  // Connects if the call still waits, and reports the result. The calling thread may keep the root directory, working
  // directory, groups and capabilities of the notified thread.
  void Run();
  // Reports the result to JavaScript: 0 or an errno.
  void Report(int error);

  static constexpr int kContinued = -1;
  // Called by the listener before it answers the call. `answer` is an errno, or kContinued. If the answer differs from
  // the result of the connection, undoes the connection or prevents it.
  void End(int answer);

 private:
  int Connect();
  int ConnectAsThread();
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
  std::mutex mutex_;  // Guards the members below.
  enum class State { kWaits, kConnects, kDone } state_ = State::kWaits;
  const Interruption* interruption_ = nullptr;  // Of the thread that is in connect(2).
  bool is_answered_ = false;                    // The call has been answered.
  int result_ = 0;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISOR_CONNECTION_H_
