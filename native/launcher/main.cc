// The program that this package has node:child_process start, for what only Node's own children get.
//
//   seccomp-launch DESCRIPTOR
// hands a descriptor over to its parent, with its environment: the socket of a stream, whose descriptor Node does not
// expose, or the end of a channel for messages, which the variables NODE_CHANNEL_* describe. The socket to the parent
// is DESCRIPTOR + 1. Ends when nothing holds the other end of DESCRIPTOR + 2.
//
//   seccomp-guardian NUMBERS…
// guards a process tree, see guardian/guardian.h. Its argument 0 tells that it is to be one.
//
// freestanding.cc has the functions of a C library that it calls: it is linked with no library.
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "guardian/guardian.h"
#include "guardian/protocol.h"
#include "launcher/no_stack_protector.h"
#include "system/numbers.h"
#include "system/raw_call.h"

namespace {

using seccomp::Pointer;
using seccomp::RawCall;

// The exit status of a failure, as of env(1).
constexpr int kFailed = 125;

// The most variables that Send takes. An environment of Node's own has about five.
constexpr size_t kMaxVariables = 63;

// Sends a descriptor and the environment: a NUL, since a message must not be empty, and each `NAME=value` with a NUL.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool Send(int socket, int descriptor) {
  static char nul = '\0';
  std::array<iovec, 1 + kMaxVariables> parts = {};
  parts[0] = {&nul, sizeof nul};
  size_t count = 1;
  for (char** variable = environ; *variable != nullptr; variable++) {
    if (count == parts.size()) return false;
    parts[count++] = {*variable, strlen(*variable) + 1};
  }
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return RawCall(SYS_sendmsg, socket, Pointer(&message), MSG_NOSIGNAL) >= 0;
}

int NumberOf(std::string_view text) { return seccomp::TakeNumber<int>(&text).value_or(-1); }

int HandOver(int descriptor) {
  if (!Send(descriptor + 1, descriptor)) return kFailed;
  RawCall(SYS_close, descriptor);
  RawCall(SYS_close, descriptor + 1);
  char byte = 0;
  while (RawCall(SYS_read, descriptor + 2, Pointer(&byte), sizeof byte) > 0) {
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 6 && std::string_view(arguments[0]) == seccomp::kGuardianName) {
    return seccomp::GuardTree({NumberOf(arguments[1]), NumberOf(arguments[2]), NumberOf(arguments[3]),
                               NumberOf(arguments[4]) == 1, NumberOf(arguments[5])});
  }
  if (count == 2) return HandOver(NumberOf(arguments[1]));
  constexpr std::string_view kMessage = "seccomp-launch: only the npm package seccomp starts this program\n";
  RawCall(SYS_write, STDERR_FILENO, Pointer(kMessage.data()), kMessage.size());
  return kFailed;
}
