// The guardian of a process that execve(2) replaces.
#pragma once

#include "child/child_main.h"
#include "child/memory.h"
#include "system/descriptor.h"

namespace seccomp {

// This process is to become a program whose tree has a guardian. The thread that runs the plan enters domain A, starts
// the guardian from there, and then enters domain B. The guardian is no child of the program, and its socket only tells
// that it guards: it waits for the program's end alone. If this object is destroyed, the process was not replaced, and
// the guardian ends.
struct GuardedReplacement {
  GuardedReplacement() = default;
  ~GuardedReplacement();
  GuardedReplacement(const GuardedReplacement&) = delete;
  GuardedReplacement& operator=(const GuardedReplacement&) = delete;

  Failure Prepare(ChildPlan* child_plan, const ChildMemory& memory);

  ChildPlan* plan = nullptr;
  void* starter_stack = nullptr;
  void* guardian_stack = nullptr;
  pid_t process = 0;
  Descriptor ruleset, pidfd;
  int program = -1;
  pid_t guardian = 0;
  Failure failure = {};
};

// As RunChild, for a thread and with a GuardedReplacement. If the guardian cannot be started, returns, with the reason
// in `plan->failure`.
int RunChildGuarded(void* replacement);

}  // namespace seccomp
