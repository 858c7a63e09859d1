// A start of a shell script, for tests.
#ifndef SECCOMP_NATIVE_TEST_SCRIPT_H_
#define SECCOMP_NATIVE_TEST_SCRIPT_H_

#include <string>

#include "child/clone.h"

namespace seccomp::test {

// Runs a script with the shell, without a filter.
inline Request Script(const std::string& script) {
  Request request;
  request.candidates = {"/bin/sh"};
  request.arguments = {"sh", "-c", script};
  request.environment = std::string("PATH=/usr/bin:/bin\0", 19);
  request.stdio = {0, 1, 2};
  request.no_new_privileges = false;
  request.is_unconfined = true;
  return request;
}

}  // namespace seccomp::test

#endif  // SECCOMP_NATIVE_TEST_SCRIPT_H_
