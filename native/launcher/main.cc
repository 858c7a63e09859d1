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

#include "../ruleset.h"

namespace {

// Exit statuses of env(1): ours failed; found but not started; not found.
constexpr int kOurs = 125;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

[[noreturn]] void Fail(const char* what, int error, int status) {
  fprintf(stderr, "seccomp fork: %s: %s; the program was not run\n", what, strerror(error));
  exit(status);
}

struct Wish {
  seccomp::Domain domain;
  bool has_domain, is_required, no_new_privileges;
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

void Isolate(const Wish& wish) {
  rlimit core = {};
  bool writes_core = getrlimit(RLIMIT_CORE, &core) != 0;
  core.rlim_cur = 0;
  writes_core = writes_core || setrlimit(RLIMIT_CORE, &core) != 0;
  if (writes_core && wish.is_required) Fail("prlimit", errno, kOurs);
  if (wish.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) Fail("prctl", errno, kOurs);
  if (!wish.has_domain) return;
  const int ruleset = seccomp::OpenRuleset(wish.domain);
  const int error = ruleset < 0 ? errno : seccomp::EnterDomain(ruleset);
  if (error != 0 && wish.is_required) Fail("Landlock", error, kOurs);
}

}  // namespace

int main(int count, char** arguments) {
  Wish wish = {};
  if (count < 3 || !Read(arguments[1], &wish)) {
    fputs("seccomp-launch is for fork() of the package seccomp only\n", stderr);
    return kOurs;
  }
  Isolate(wish);
  execvp(arguments[2], arguments + 2);
  Fail(arguments[2], errno, errno == ENOENT ? kNotFound : kNotExecutable);
}
