// Replaces this process by a program under a filter.
#pragma once

#include "child/request.h"

namespace seccomp {

// Returns only if a step failed. This process is then as it was before.
Failure ReplaceThisProcess(Request* request);

}  // namespace seccomp
