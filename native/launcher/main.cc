// Isolates the Node that child_process.fork() starts:
//   seccomp-launch HANDLED,GRANTED,SCOPED,REQUIRED,NO_NEW_PRIVS PROGRAM ARGUMENTS…
//
// Only the thread that calls landlock_restrict_self(2) enters the domain, and Node has several threads before it runs
// JavaScript. So this program enters the domain before it executes Node.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>

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

}  // namespace

int main(int count, char** arguments) {
  Options options = {};
  if (count < 3 || !Parse(arguments[1], &options)) {
    static_cast<void>(fputs("seccomp-launch: only fork() of the npm package seccomp starts this program\n", stderr));
    return kFailed;
  }
  const char* failed = Isolate(options);
  if (failed != nullptr) return PrintError(failed, kFailed);
  execvp(arguments[2], arguments + 2);
  return PrintError(arguments[2], errno == ENOENT ? kNotFound : kNotExecutable);
}
