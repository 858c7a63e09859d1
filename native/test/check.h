// A test harness of forty lines: TEST(Name) { CHECK_EQUAL(what is, what should be); }, run by name.
#ifndef SECCOMP_NATIVE_TEST_CHECK_H_
#define SECCOMP_NATIVE_TEST_CHECK_H_

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

// Ends the test, failed.
template <typename Actual, typename Expected>
void CheckEqual(const char* what, const Actual& actual, const Expected& expected, int line) {
  if (actual == expected) return;
  std::cerr << "line " << line << ": " << what << "\n  is        " << actual << "\n  should be " << expected << "\n";
  std::exit(1);
}

// Ends the test, neither passed nor failed: CTest's SKIP_RETURN_CODE.
[[noreturn]] inline void Skip(const char* why) {
  std::cerr << "skipped: " << why << "\n";
  std::exit(77);
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

#endif  // SECCOMP_NATIVE_TEST_CHECK_H_
