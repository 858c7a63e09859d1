#include "child/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "system/linux_abi.h"

namespace seccomp {

// First of all the descriptors of the caller: what is opened below could get the number of one that is not open. What
// this process keeps from its children, and the cgroup's directory, may have got it already: no caller means them.
Failure Stdio::Open(const Request& request) {
  const std::vector<int>& wanted = request.stdio;
  for (const int descriptor : wanted) {
    if (descriptor < 0) continue;
    if (IsPrivate(descriptor) || descriptor == request.cgroup) return {EBADF, "fcntl"};
    if (fcntl(descriptor, F_GETFD) < 0) return {errno, "fcntl"};
  }
  std::vector<Relayed> relayed;
  for (size_t i = 0; i < wanted.size(); i++) {
    parent.emplace_back();
    child.push_back(wanted[i]);
    Failure failure = {};
    if (wanted[i] == kNullDevice) failure = OpenNullDevice(i);
    if (wanted[i] == kNewSocket || wanted[i] == kNewChannel) failure = OpenSocket(i, &relayed);
    if (failure.error != 0) return failure;
  }
  const auto channel = std::find(wanted.begin(), wanted.end(), kNewChannel);
  if (channel != wanted.end()) {
    const Descriptor& end = parent[static_cast<size_t>(channel - wanted.begin())];
    parent.emplace_back(fcntl(end.get(), F_DUPFD_CLOEXEC, 0));
    if (parent.back().get() < 0) return {errno, "fcntl"};
  }
  return StartRelay(std::move(relayed));
}

Failure Stdio::OpenNullDevice(size_t i) {
  temporary.emplace_back(open("/dev/null", O_CLOEXEC | (i == 0 ? O_RDONLY : O_RDWR)));
  child[i] = temporary.back().get();
  return child[i] < 0 ? Failure{errno, "open"} : Failure{};
}

Failure Stdio::OpenSocket(size_t i, std::vector<Relayed>* relayed) {
  const bool is_channel = child[i] == kNewChannel;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return {errno, "socketpair"};
  parent[i] = Descriptor(pair[0]);
  temporary.emplace_back(pair[1]);
  child[i] = pair[1];
  if (is_channel) return OpenRelayed(&parent[i], relayed);
  if (i == 0) return shutdown(pair[0], SHUT_RD) == 0 ? Failure{} : Failure{errno, "shutdown"};
  const int off = 0;
  if (setsockopt(pair[0], SOL_SOCKET, kPassRights, &off, sizeof off) == 0) return {};
  if (errno != ENOPROTOOPT) return {errno, "setsockopt"};
  return OpenRelayed(&parent[i], relayed);
}

}  // namespace seccomp
