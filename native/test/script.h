// A start of a shell script, for tests.
#pragma once

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
