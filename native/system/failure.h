// The result of a step that makes system calls.
#pragma once

namespace seccomp {

// The errno and the name of the call that failed. `error` is 0 if nothing failed.
struct Failure {
  int error;
  const char* call;
};

}  // namespace seccomp
