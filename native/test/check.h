// A small test harness: TEST(Name) { CHECK_EQUAL(actual, expected); }. RunTest runs a test by its name.
#pragma once

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

namespace seccomp::test {

inline std::map<std::string, std::function<void()>>& Tests() {
  static std::map<std::string, std::function<void()>> tests;
  return tests;
}

struct Registered {
  Registered(const char* name, std::function<void()> body) { Tests().emplace(name, std::move(body)); }
};

// Fails the test and ends the process if the two differ.
template <typename Actual, typename Expected>
void CheckEqual(const char* what, const Actual& actual, const Expected& expected, int line) {
  if (actual == expected) return;
  std::cerr << "line " << line << ": " << what << "\n  actual    " << actual << "\n  expected  " << expected << "\n";
  std::exit(1);
}

// Skips the rest of the test and ends the process, with CTest's SKIP_RETURN_CODE.
[[noreturn]] inline void Skip(const char* why) {
  std::cerr << "skipped: " << why << "\n";
  std::exit(77);
}

// Skips the rest of the test unless this process is root's and has a capability, which root lacks in most containers.
inline void NeedRootWith(int capability) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  const auto index = static_cast<unsigned>(capability);
  const bool has = syscall(SYS_capget, &header, sets) == 0 && (sets[index / 32].effective >> index % 32 & 1) != 0;
  if (geteuid() != 0 || !has) Skip("needs root with all capabilities");
}

inline int RunTest(const std::string& name) {
  const auto found = Tests().find(name);
  if (found == Tests().end()) {
    std::cerr << "no such test: " << name << "\n";
    return 2;
  }
  found->second();
  return 0;
}

}  // namespace seccomp::test

#define TEST(name)                                                                \
  static void Test##name();                                                       \
  static const ::seccomp::test::Registered registered_##name(#name, &Test##name); \
  static void Test##name()

#define CHECK_EQUAL(actual, expected) ::seccomp::test::CheckEqual(#actual, (actual), (expected), __LINE__)
