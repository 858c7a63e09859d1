// Isolates the Node that Node's own fork() starts: seccomp-launch HANDLED,GRANTED,SCOPED,REQUIRED,NO_NEW_PRIVS PROGRAM
// …
//
// It is a thread that enters a Landlock domain, and Node has several before its first line of JavaScript.
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

// Exit statuses of env(1): ours failed; found but not started; not found.
constexpr int kOurs = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

// Says what failed, by errno. Gives `status`.
int Failed(const char* what, int status) {
  static_cast<void>(fprintf(stderr, "seccomp fork: %s: %m; the program was not run\n", what));
  return status;
}

struct Wish {
  seccomp::Domain domain;
  bool has_domain = false, is_required = false, no_new_privileges = false;
};

// Five numbers, and nothing else.
bool Read(const char* text, Wish* wish) {
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
  *wish = {{handled, granted, scoped}, (handled | scoped) != 0, required != 0, no_new_privileges != 0};
  return true;
}

// Nullptr, or the call that failed where it must not: errno says why.
const char* Isolate(const Wish& wish) {
  rlimit core = {};
  const bool is_known = getrlimit(RLIMIT_CORE, &core) == 0;
  core.rlim_cur = 0;
  if ((!is_known || setrlimit(RLIMIT_CORE, &core) != 0) && wish.is_required) return "prlimit";
  if (wish.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return "prctl";
  if (!wish.has_domain) return nullptr;
  const int ruleset = seccomp::OpenRuleset(wish.domain);
  const int error = ruleset < 0 ? errno : seccomp::EnterDomain(ruleset);
  errno = error;
  return error != 0 && wish.is_required ? "Landlock" : nullptr;
}

}  // namespace

int main(int count, char** arguments) {
  Wish wish = {};
  if (count < 3 || !Read(arguments[1], &wish)) {
    static_cast<void>(fputs("seccomp-launch is for fork() of the package seccomp only\n", stderr));
    return kOurs;
  }
  const char* failed = Isolate(wish);
  if (failed != nullptr) return Failed(failed, kOurs);
  execvp(arguments[2], arguments + 2);
  return Failed(arguments[2], errno == ENOENT ? kNotFound : kNotExecutable);
}
