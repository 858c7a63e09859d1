#include "supervisor/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "supervisor/identity.h"
#include "supervisor/listener.h"
#include "supervisor/notified_thread.h"
#include "system/dumpable.h"
#include "system/linux_abi.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

// In milliseconds: how often connect(2) is interrupted to check that the call still waits, and how often once it must
// end.
constexpr int kCheckInterval = 100;
constexpr int kEndInterval = 1;

int Option(const Descriptor& socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool IsInternet(int family) { return family == AF_INET || family == AF_INET6; }

bool HasTimeout(const Descriptor& socket) {
  timeval timeout = {};
  socklen_t size = sizeof timeout;
  getsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, &size);
  return timeout.tv_sec != 0 || timeout.tv_usec != 0;
}

// Opens the file at the address's path as `file`, and replaces the path by the file's name in /proc/self/fd, to which
// `descriptors` refers. Refuses the magic links of /proc, such as /proc/self/root: on this thread they refer to this
// process and not to the notified one. Returns 0 or an errno.
int ResolvePath(const Descriptor& descriptors, sockaddr_un* address, socklen_t* size, Descriptor* file) {
  constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
  const std::string path(address->sun_path, strnlen(address->sun_path, *size - kPathOffset));
  OpenHow how = {O_PATH | O_CLOEXEC, 0, kResolveNoMagicLinks};
  *file = Descriptor(static_cast<int>(syscall(kOpenat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (file->get() < 0) return errno == ENOSYS ? EACCES : errno;
  if (fchdir(descriptors.get()) != 0) return EACCES;
  const std::string name = std::to_string(file->get());
  memset(address->sun_path, 0, sizeof address->sun_path);
  memcpy(address->sun_path, name.data(), name.size());
  *size = static_cast<socklen_t>(kPathOffset + name.size() + 1);
  return 0;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
int DuplicateSocket(pid_t thread, int descriptor, Descriptor* socket, SocketTraits* traits) {
  Descriptor pidfd(static_cast<int>(syscall(kPidfdOpen, thread, kPidfdThread)));
  if (pidfd.get() < 0 && errno == EINVAL) {
    const pid_t process = ProcessOf(thread);
    if (process == 0) return ESRCH;
    pidfd = Descriptor(static_cast<int>(syscall(kPidfdOpen, process, 0)));
  }
  if (pidfd.get() < 0) return errno;
  *socket = Descriptor(static_cast<int>(syscall(kPidfdGetfd, pidfd.get(), descriptor, 0)));
  if (socket->get() < 0) return errno;
  *traits = {Option(*socket, SO_DOMAIN), Option(*socket, SO_TYPE), Option(*socket, SO_PROTOCOL)};
  return traits->domain < 0 ? ENOTSOCK : 0;
}

Connection::Connection(double number, ConnectionRequest request) : number_(number), request_(std::move(request)) {}

Connection::~Connection() { listener().worker().Close(std::move(socket_)); }

void Connection::Run() { Report(Connect()); }

void Connection::Report(int error) const { listener().mailbox().AddConnected(number_, error); }

int Connection::OpenSocket() {
  SocketTraits traits = {};
  const int error = DuplicateSocket(request_.thread, request_.descriptor, &socket_, &traits);
  // Also after an error: once the call is over, the thread and the descriptor may be other ones.
  const int not_waiting = listener().IsWaiting(request_.call);
  if (not_waiting != 0 || error != 0) return not_waiting != 0 ? not_waiting : error;
  const int wrong = CheckAddress(traits);
  if (wrong != 0) return wrong;
  return request_.expected && !(*request_.expected == traits) ? EBADF : 0;
}

// JavaScript parsed the address by its family, and the notified process may have another socket than one of that
// family. IPv6 sockets accept IPv4 addresses, and AF_UNSPEC dissolves a connection.
int Connection::CheckAddress(const SocketTraits& traits) const {
  const int family = request_.address.ss_family;
  const bool is_for = family == traits.domain || (family == AF_INET && traits.domain == AF_INET6) ||
                      (family == AF_UNSPEC && IsInternet(traits.domain));
  if (!is_for) return EAFNOSUPPORT;
  return family == AF_UNIX && request_.size > sizeof(sockaddr_un) ? EINVAL : 0;
}

bool Connection::IsUnixPath() const {
  const auto* local = reinterpret_cast<const sockaddr_un*>(&request_.address);
  return request_.address.ss_family == AF_UNIX && request_.size > offsetof(sockaddr_un, sun_path) &&
         local->sun_path[0] != '\0';
}

// The kernel checks no credentials when an internet socket connects. For other families (local sockets, netlink, …) it
// may check the credentials or report them to the peer, so the connection is made with those of the notified thread.
int Connection::Connect() {
  const int error = OpenSocket();
  if (error != 0) return error;
  const auto* address = reinterpret_cast<const sockaddr*>(&request_.address);
  const bool needs_identity = !IsInternet(address->sa_family) && address->sa_family != AF_UNSPEC;
  return needs_identity ? ConnectAsThread() : ConnectTo(address, request_.size);
}

int Connection::ConnectAsThread() {
  const Descriptor descriptors(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const SignalsBlocked blocked;  // setuid(3) on another thread would change the identity of this one.
  const DumpableKept dumpable;   // Before `identity`, whose destructor clears the flag too.
  std::optional<Identity> identity = Identity::Of(request_.thread);
  const int error = listener().IsWaiting(request_.call);
  if (error != 0) return error;  // The identity may be that of another process.
  if (!identity || !identity->Assume()) return EACCES;
  sockaddr_storage address = request_.address;
  socklen_t size = request_.size;
  Descriptor file;
  if (IsUnixPath()) {
    const int wrong = ResolvePath(descriptors, reinterpret_cast<sockaddr_un*>(&address), &size, &file);
    if (wrong != 0) return wrong;
  }
  return ConnectTo(reinterpret_cast<const sockaddr*>(&address), size);
}

// A non-blocking socket gives EINPROGRESS, which is what its owner expects.
int Connection::ConnectTo(const sockaddr* address, socklen_t size) {
  const Interruption interruption;
  // A connect(2) that is called again after an interruption would wait for the whole SO_SNDTIMEO again.
  if (!HasTimeout(socket_)) interruption.Every(kCheckInterval);
  for (bool is_begun = false;; is_begun = true) {
    int error = listener().IsWaiting(request_.call);
    if (error == 0 && !Enter(&interruption)) error = ENOENT;
    if (error != 0) {
      // The kernel goes on with a connection after connect(2) was interrupted.
      if (is_begun) Undo();
      return error;
    }
    error = connect(socket_.get(), address, size) == 0 ? 0 : errno;
    if (is_begun && error == EISCONN) error = 0;
    error = Leave(error);
    if (error != EINTR) return error;
    // setuid(3) on another thread must not wait for a peer that does not accept. A local socket is as it was before.
    if (SignalsBlocked::IsLibcWaiting()) return EAGAIN;
  }
}

// Called before connect(2). Returns false if the call has been answered.
bool Connection::Enter(const Interruption* interruption) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_answered_) return false;
  state_ = State::kConnects;
  interruption_ = interruption;
  return true;
}

// Called after connect(2) with its result. Returns the result for the call; EINTR: call connect(2) again.
int Connection::Leave(int error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  interruption_ = nullptr;
  if (error == EINTR) return error;
  state_ = State::kDone;
  result_ = error;
  if (!is_answered_) return error;
  Undo();
  return ENOENT;
}

void Connection::Undo() const {
  sockaddr none = {};
  none.sa_family = AF_UNSPEC;
  if (connect(socket_.get(), &none, sizeof none) != 0) shutdown(socket_.get(), SHUT_RDWR);
}

bool Connection::End(int answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_answered_ = true;
  const bool is_made = result_ == 0 || result_ == EINPROGRESS;
  if (state_ == State::kWaits || (state_ == State::kDone && (answer == result_ || !is_made))) return false;
  if (interruption_ != nullptr) interruption_->Every(kEndInterval);
  return true;
}

}  // namespace seccomp
