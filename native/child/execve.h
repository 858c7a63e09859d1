// Replaces this process by a program under a filter.
#ifndef SECCOMP_NATIVE_CHILD_EXECVE_H_
#define SECCOMP_NATIVE_CHILD_EXECVE_H_

#include "child/request.h"

namespace seccomp {

// Returns only if a step failed. This process is then as it was before.
Failure ReplaceThisProcess(Request* request);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CHILD_EXECVE_H_
