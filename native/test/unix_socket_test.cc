// Tests of the sockets of the file system. Run as `unix_socket_test NAME`.
#include "system/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "check.h"

namespace seccomp::test {
namespace {

// A path of a socket that does not exist yet, and is removed at the end. `length`: that of the path, if it is not 0.
class Path {
 public:
  explicit Path(size_t length = 0) {
    std::string name = std::filesystem::temp_directory_path() / "unix_socket_test.XXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ / "socket";
    if (length > path_.size()) path_.append(length - path_.size(), 'x');
  }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;
  ~Path() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  const std::string& get() const { return path_; }

 private:
  std::filesystem::path directory_;
  std::string path_;
};

std::string Described(const Failure& failure) {
  return failure.error == 0 ? "no failure" : std::string(failure.call) + ": " + strerror(failure.error);
}
std::string Connected(const std::string& path) {
  Descriptor socket;
  return Described(ConnectToPath(path, &socket));
}

TEST(OnlyTheUserOfThisProcessCanConnect) {
  umask(0);
  const Path path;
  Descriptor socket;
  CHECK_EQUAL(ListenAtPath(path.get(), &socket), 0);
  struct stat file = {};
  CHECK_EQUAL(stat(path.get().c_str(), &file), 0);
  CHECK_EQUAL(file.st_mode & 07777, 0600U);
  CHECK_EQUAL(Connected(path.get()), "no failure");
}

TEST(SocketsAreNonBlockingAndCloseOnExec) {
  const Path path;
  Descriptor server;
  Descriptor client;
  CHECK_EQUAL(ListenAtPath(path.get(), &server), 0);
  CHECK_EQUAL(ConnectToPath(path.get(), &client).error, 0);
  for (const int socket : {server.get(), client.get()}) {
    CHECK_EQUAL(fcntl(socket, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQUAL(fcntl(socket, F_GETFD), FD_CLOEXEC);
  }
}

TEST(PathsHaveALimit) {
  const Path longest(107);
  Descriptor socket;
  CHECK_EQUAL(ListenAtPath(longest.get(), &socket), 0);
  CHECK_EQUAL(std::filesystem::exists(longest.get()), true);
  CHECK_EQUAL(Connected(longest.get()), "no failure");
  const Path longer(108);
  for (const std::string& path : {longer.get(), std::string()}) {
    CHECK_EQUAL(ListenAtPath(path, &socket), ENAMETOOLONG);
    CHECK_EQUAL(Connected(path), Described({ENAMETOOLONG, "connect"}));
  }
}

TEST(PathsHaveNoNul) {
  Descriptor socket;
  for (const std::string& path : {std::string("\0abstract", 9), std::string("a\0b", 3), std::string("a\0", 2)}) {
    CHECK_EQUAL(ListenAtPath(path, &socket), EINVAL);
    CHECK_EQUAL(Connected(path), Described({EINVAL, "connect"}));
  }
}

TEST(ReportsWhyNobodyListens) {
  const Path path;
  CHECK_EQUAL(Connected(path.get()), Described({ENOENT, "connect"}));
  {
    Descriptor socket;
    CHECK_EQUAL(ListenAtPath(path.get(), &socket), 0);
    CHECK_EQUAL(ListenAtPath(path.get(), &socket), EADDRINUSE);
  }
  CHECK_EQUAL(Connected(path.get()), Described({ECONNREFUSED, "connect"}));
}

// Two connected sockets.
struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int ends[2] = {-1, -1};
    CHECK_EQUAL(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    receiver = Descriptor(ends[0]);
    sender = Descriptor(ends[1]);
  }
  // Sends the text with `count` descriptors.
  void Send(const std::string& text, size_t count) const {
    iovec data = {const_cast<char*>(text.data()), text.size()};
    std::vector<int> descriptors(count, STDERR_FILENO);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(32 * sizeof(int))> control = {};
    msghdr message = {};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (count > 0) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(count * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(count * sizeof(int));
      memcpy(CMSG_DATA(header), descriptors.data(), count * sizeof(int));
    }
    CHECK_EQUAL(sendmsg(sender.get(), &message, 0), static_cast<ssize_t>(text.size()));
  }
  Descriptor receiver, sender;
};

// What one connection has received.
struct Received {
  ssize_t Receive(const Pair& pair) { return ReceiveDescriptors(pair.receiver, &bytes, &descriptors, &is_truncated); }
  std::string bytes = std::string(kMaxReceivedBytes, '\0');
  std::vector<Descriptor> descriptors;
  bool is_truncated = true;
};

size_t OpenDescriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; fd++) count += static_cast<size_t>(fcntl(fd, F_GETFD) >= 0);
  return count;
}

TEST(ReceivesBytesAndDescriptors) {
  const Pair pair;
  Received received;
  CHECK_EQUAL(received.Receive(pair), -EAGAIN);
  pair.Send("two", 2);
  CHECK_EQUAL(received.Receive(pair), 3);
  CHECK_EQUAL(received.bytes.substr(0, 3), "two");
  CHECK_EQUAL(received.is_truncated, false);
  CHECK_EQUAL(received.descriptors.size(), 2U);
  struct stat ours = {};
  struct stat theirs = {};
  fstat(STDERR_FILENO, &ours);
  for (const Descriptor& descriptor : received.descriptors) {
    CHECK_EQUAL(fcntl(descriptor.get(), F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(fstat(descriptor.get(), &theirs), 0);
    CHECK_EQUAL(theirs.st_ino, ours.st_ino);
  }
  shutdown(pair.sender.get(), SHUT_WR);
  CHECK_EQUAL(received.Receive(pair), 0);
}

TEST(ReceivesAsManyDescriptorsAsItMay) {
  const Pair pair;
  Received received;
  pair.Send("x", kMaxReceivedDescriptors);
  CHECK_EQUAL(received.Receive(pair), 1);
  CHECK_EQUAL(received.is_truncated, false);
  CHECK_EQUAL(received.descriptors.size(), kMaxReceivedDescriptors);
}

TEST(ReportsDescriptorsThatAreTooManyAtOnce) {
  const Pair pair;
  const size_t before = OpenDescriptors();
  Received received;
  pair.Send("x", kMaxReceivedDescriptors + 1);
  CHECK_EQUAL(received.Receive(pair), 1);
  CHECK_EQUAL(received.is_truncated, true);
  CHECK_EQUAL(OpenDescriptors(), before + received.descriptors.size());
}

TEST(ClosesDescriptorsOfFurtherMessagesBeyondTheLimit) {
  const Pair pair(SOCK_SEQPACKET);
  const size_t before = OpenDescriptors();
  Received received;
  for (const size_t expected : {size_t{9}, kMaxReceivedDescriptors, kMaxReceivedDescriptors}) {
    pair.Send("x", 9);
    CHECK_EQUAL(received.Receive(pair), 1);
    CHECK_EQUAL(received.descriptors.size(), expected);
    CHECK_EQUAL(OpenDescriptors(), before + expected);
  }
}

TEST(ReportsDescriptorsForWhichThisProcessHasNoRoom) {
  const Pair pair;
  pair.Send("x", 3);
  const auto next = static_cast<rlim_t>(Descriptor(dup(STDERR_FILENO)).get());
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = next + 1;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &files), 0);
  Received received;
  CHECK_EQUAL(received.Receive(pair), 1);
  CHECK_EQUAL(received.is_truncated, true);
  CHECK_EQUAL(received.descriptors.size(), 1U);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
