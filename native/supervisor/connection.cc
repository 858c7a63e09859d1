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
  const pid_t process = ProcessOf(thread);
  if (process == 0) return ESRCH;
  const Descriptor pidfd(static_cast<int>(syscall(kPidfdOpen, process, 0)));
  if (pidfd.get() < 0) return errno;
  *socket = Descriptor(static_cast<int>(syscall(kPidfdGetfd, pidfd.get(), descriptor, 0)));
  if (socket->get() < 0) return errno;
  *traits = {Option(*socket, SO_DOMAIN), Option(*socket, SO_TYPE), Option(*socket, SO_PROTOCOL)};
  return traits->domain < 0 ? ENOTSOCK : 0;
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool IsAddressFor(int domain, int family) {
  return family == domain || (family == AF_INET && domain == AF_INET6) || (family == AF_UNSPEC && IsInternet(domain));
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
Connection::Connection(double number, std::shared_ptr<Listener> listener, uint64_t call, pid_t thread,
                       Descriptor socket, const void* address, socklen_t size)
    : number_(number),
      listener_(std::move(listener)),
      call_(call),
      thread_(thread),
      socket_(std::move(socket)),
      size_(size) {
  memcpy(&address_, address, size_);
}

void Connection::Run() { Report(Connect()); }

void Connection::Report(int error) { listener_->mailbox().AddConnected(number_, error); }

bool Connection::IsUnixPath() const {
  const auto* local = reinterpret_cast<const sockaddr_un*>(&address_);
  return address_.ss_family == AF_UNIX && size_ > offsetof(sockaddr_un, sun_path) && local->sun_path[0] != '\0';
}

// The kernel checks no credentials when an internet socket connects. For other families (local sockets, netlink, …) it
// may check the credentials or report them to the peer, so the connection is made with those of the notified thread.
int Connection::Connect() {
  const bool needs_identity = !IsInternet(address_.ss_family) && address_.ss_family != AF_UNSPEC;
  return needs_identity ? ConnectAsThread() : ConnectTo(reinterpret_cast<const sockaddr*>(&address_), size_);
}

int Connection::ConnectAsThread() {
  const Descriptor descriptors(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const SignalsBlocked blocked;  // setuid(3) on another thread would change the identity of this one.
  const DumpableKept dumpable;   // Before `identity`, whose destructor clears the flag too.
  std::optional<Identity> identity = Identity::Of(thread_);
  const int error = listener_->IsWaiting(call_);
  if (error != 0) return error;  // The identity may be that of another process.
  if (!identity || !identity->Assume()) return EACCES;
  sockaddr_storage address = address_;
  socklen_t size = size_;
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
    int error = listener_->IsWaiting(call_);
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

// May be called while another thread is in connect(2).
void Connection::Undo() const {
  sockaddr none = {};
  none.sa_family = AF_UNSPEC;
  if (connect(socket_.get(), &none, sizeof none) != 0) shutdown(socket_.get(), SHUT_RDWR);
}

void Connection::End(int answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_answered_ = true;
  const bool is_made = result_ == 0 || result_ == EINPROGRESS;
  if (state_ == State::kWaits || (state_ == State::kDone && (answer == result_ || !is_made))) return;
  Undo();
  if (interruption_ != nullptr) interruption_->Every(kEndInterval);
}

}  // namespace seccomp
