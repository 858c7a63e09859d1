// The program that this package has node:child_process start, for what only Node's own children get.
//
//   seccomp-launch HANDLED,GRANTED,SCOPED,REQUIRED,NO_NEW_PRIVS PROGRAM ARGUMENTS…
// isolates the Node that child_process.fork() starts. Only the thread that calls landlock_restrict_self(2) enters the
// domain, and Node has several threads before it runs JavaScript. So this program enters the domain before it executes
// Node.
//
//   seccomp-launch DESCRIPTOR
// hands a descriptor over to its parent, with its environment: the socket of a stream, whose descriptor Node does not
// expose, or the end of a channel for messages, which the variables NODE_CHANNEL_* describe. The socket to the parent
// is DESCRIPTOR + 1. Ends when nothing holds the other end of DESCRIPTOR + 2.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <vector>

#include "child/ruleset.h"

namespace {

// Exit statuses, as of env(1).
constexpr int kFailed = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

// Prints what failed with errno, and returns `status`.
int PrintError(const char* what, int status) {
  static_cast<void>(fprintf(stderr, "seccomp fork: %s: %m; the program was not run\n", what));
  return status;
}

struct Options {
  seccomp::Domain domain;
  bool has_domain = false, is_required = false, no_new_privileges = false;
};

// Parses five numbers that are separated by commas.
bool Parse(const char* text, Options* options) {
  std::array<uint32_t, 5> numbers = {};
  for (size_t i = 0; i < numbers.size(); i++) {
    char* end = nullptr;
    errno = 0;
    const unsigned long number = strtoul(text, &end, 10);
    const char expected = i + 1 < numbers.size() ? ',' : '\0';
    if (end == text || *end != expected || errno != 0 || number > UINT32_MAX) return false;
    numbers[i] = static_cast<uint32_t>(number);
    text = end + 1;
  }
  const auto [handled, granted, scoped, required, no_new_privileges] = numbers;
  *options = {{handled, granted, scoped}, (handled | scoped) != 0, required != 0, no_new_privileges != 0};
  return true;
}

// Returns nullptr, or with errno set the step that failed although it is required.
const char* Isolate(const Options& options) {
  rlimit core = {};
  const bool is_known = getrlimit(RLIMIT_CORE, &core) == 0;
  core.rlim_cur = 0;
  if ((!is_known || setrlimit(RLIMIT_CORE, &core) != 0) && options.is_required) return "prlimit";
  if (options.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return "prctl";
  if (!options.has_domain) return nullptr;
  const int ruleset = seccomp::OpenRuleset(options.domain);
  const int error = ruleset < 0 ? errno : seccomp::EnterDomain(ruleset);
  errno = error;
  return error != 0 && options.is_required ? "Landlock" : nullptr;
}

// Sends a descriptor and the environment: a NUL, since a message must not be empty, and each `NAME=value` with a NUL.
// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool Send(int socket, int descriptor) {
  static char nul = '\0';
  std::vector<iovec> parts = {{&nul, sizeof nul}};
  for (char** variable = environ; *variable != nullptr; variable++) parts.push_back({*variable, strlen(*variable) + 1});
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

int HandOver(const char* text) {
  const int descriptor = static_cast<int>(strtol(text, nullptr, 10));
  if (!Send(descriptor + 1, descriptor)) return kFailed;
  close(descriptor);
  close(descriptor + 1);
  char byte = 0;
  while (read(descriptor + 2, &byte, sizeof byte) > 0) {
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2) return HandOver(arguments[1]);
  Options options = {};
  if (count < 3 || !Parse(arguments[1], &options)) {
    static_cast<void>(fputs("seccomp-launch: only the npm package seccomp starts this program\n", stderr));
    return kFailed;
  }
  const char* failed = Isolate(options);
  if (failed != nullptr) return PrintError(failed, kFailed);
  execvp(arguments[2], arguments + 2);
  return PrintError(arguments[2], errno == ENOENT ? kNotFound : kNotExecutable);
}
