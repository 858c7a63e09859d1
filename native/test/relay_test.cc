// Tests of what stands between a child's sockets and this process before Linux 6.16. Run as `relay_test NAME`.
#include "child/relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"

namespace seccomp::test {
namespace {

// A stream between a child, which has one end of a pair of sockets, and this process.
struct Relay {
  Relay() {
    int pair[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ours = Descriptor(pair[0]);
    childs = Descriptor(pair[1]);
    std::vector<Relayed> relayed;
    CHECK_EQUAL(OpenRelayed(&ours, &relayed).error, 0);
    CHECK_EQUAL(StartRelay(std::move(relayed)).error, 0);
  }
  Descriptor ours, childs;
};

bool Write(const Descriptor& socket, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = send(socket.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (size < 0) return false;
    done += static_cast<size_t>(size);
  }
  return true;
}

// Reads to the end of the stream.
std::string Rest(const Descriptor& socket) {
  std::string text;
  std::array<char, 4096> chunk = {};
  for (ssize_t size = 0; (size = read(socket.get(), chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<size_t>(size));
  return text;
}

// More than all sockets and the relay hold.
std::string Much() {
  std::string text(3'000'000, 'x');
  for (size_t i = 0; i < text.size(); i++) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST(PassesBytesOnBothWays) {
  Relay relay;
  for (const auto& [from, to] : {std::pair(&relay.ours, &relay.childs), std::pair(&relay.childs, &relay.ours)}) {
    const std::string much = Much();
    std::thread writer([&, from = from] {
      CHECK_EQUAL(Write(*from, much), true);
      shutdown(from->get(), SHUT_WR);
    });
    CHECK_EQUAL(Rest(*to) == much, true);
    writer.join();
  }
}

TEST(ALateReaderGetsAllThatAChildHasWritten) {
  Relay relay;
  const std::string text(200'000, 'x');
  CHECK_EQUAL(Write(relay.childs, text), true);
  relay.childs = Descriptor();
  CHECK_EQUAL(Rest(relay.ours) == text, true);
}

TEST(AWriterIsToldThatNobodyReads) {
  Relay relay;
  relay.ours = Descriptor();
  const std::string much = Much();
  errno = 0;
  CHECK_EQUAL(Write(relay.childs, much), false);
  CHECK_EQUAL(errno == EPIPE || errno == ECONNRESET, true);
}

TEST(PassesNoDescriptorOn) {
  const Relay relay;
  const Descriptor passed(dup(STDERR_FILENO));
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  char byte = 'x';
  iovec data = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = passed.get();
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  CHECK_EQUAL(sendmsg(relay.childs.get(), &message, 0), 1);
  CHECK_EQUAL(recvmsg(relay.ours.get(), &message, 0), 1);
  CHECK_EQUAL(byte, 'x');
  CHECK_EQUAL(message.msg_controllen, 0U);
}

TEST(EndsReadingAfterWhatWasWritten) {
  const Relay relay;
  CHECK_EQUAL(Write(relay.childs, "before"), true);
  CHECK_EQUAL(EndReadingFrom(relay.ours.get()), 0);
  CHECK_EQUAL(Rest(relay.ours), "before");
  CHECK_EQUAL(Write(relay.childs, "after"), false);
}

TEST(EndsReadingWhereNothingIsRelayed) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const Descriptor ours(pair[0]);
  const Descriptor childs(pair[1]);
  CHECK_EQUAL(EndReadingFrom(ours.get()), 0);
  CHECK_EQUAL(Rest(ours), "");
  CHECK_EQUAL(EndReadingFrom(-1), EBADF);
}

}  // namespace
}  // namespace seccomp::test

int main(int argc, char** argv) { return argc == 2 ? seccomp::test::RunTest(argv[1]) : 2; }
