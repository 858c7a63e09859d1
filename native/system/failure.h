// The result of a step that makes system calls.
#ifndef SECCOMP_NATIVE_SYSTEM_FAILURE_H_
#define SECCOMP_NATIVE_SYSTEM_FAILURE_H_

namespace seccomp {

// The errno and the name of the call that failed. `error` is 0 if nothing failed.
struct Failure {
  int error;
  const char* call;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_FAILURE_H_
