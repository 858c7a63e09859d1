#include "system/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

namespace seccomp {
namespace {

constexpr int kBacklog = 128;

// Returns 0 or an errno. A path that begins with a NUL would be a name of the abstract namespace.
int ToAddress(const std::string& path, sockaddr_un* address) {
  if (path.empty() || path.size() >= sizeof address->sun_path) return ENAMETOOLONG;
  if (path.find('\0') != std::string::npos) return EINVAL;
  *address = {};
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path.data(), path.size());
  return 0;
}

Descriptor NewSocket() { return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Takes every descriptor of a message; those beyond kMaxReceivedDescriptors are closed.
void TakeDescriptors(msghdr* message, std::vector<Descriptor>* descriptors) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      Descriptor descriptor(fd);
      if (descriptors->size() < kMaxReceivedDescriptors) descriptors->push_back(std::move(descriptor));
    }
  }
}

}  // namespace

Failure ConnectToPath(const std::string& path, Descriptor* socket) {
  sockaddr_un address = {};
  const int error = ToAddress(path, &address);
  if (error != 0) return {error, "connect"};
  *socket = NewSocket();
  if (socket->get() < 0) return {errno, "socket"};
  if (connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  return {errno, "connect"};
}

int ListenAtPath(const std::string& path, Descriptor* socket) {
  sockaddr_un address = {};
  const int wrong = ToAddress(path, &address);
  if (wrong != 0) return wrong;
  *socket = NewSocket();
  // bind(2) gives the file the socket's own mode, less the umask (unix_bind_bsd() of net/unix/af_unix.c). With
  // fchmod(2) before it, others can connect at no time.
  if (socket->get() < 0 || fchmod(socket->get(), S_IRUSR | S_IWUSR) != 0 ||
      bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno;
  }
  if (listen(socket->get(), kBacklog) == 0) return 0;
  const int error = errno;
  unlink(address.sun_path);
  return error;
}

ssize_t ReceiveDescriptors(const Descriptor& socket, std::string* buffer, std::vector<Descriptor>* descriptors,
                           bool* is_truncated, int flags) {
  iovec data = {buffer->data(), buffer->size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxReceivedDescriptors * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t received = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT | flags);
  if (received < 0) return -errno;
  TakeDescriptors(&message, descriptors);
  *is_truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  return received;
}

uint64_t CookieOf(int socket) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

}  // namespace seccomp
