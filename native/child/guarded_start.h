// Starts a child together with the guardian of its tree.
//
//   this process ── a thread: enters domain A ─┬─ the guardian, in A but not in B
//                             and ends         └─ the child: enters domain B inside of A, attaches its filters,
//                                                            executes the program
//
// The guardian executes its program while the child goes on, and the child waits for it as its last step. Both are
// children of this process, since a thread has cloned them. They share its memory, but not its descriptors.
//
// Two kinds of starts need a process, C0, in the place of the thread: it clones the child as a child of this process
// (CLONE_PARENT, which the isolation of an outer sandbox denies), and becomes the guardian itself. A child that is born
// in a cgroup keeps the one that clones it waiting until it executes its program, and no thread may be in the domain
// then. And where the kernel has no domains that scope signals, C0 starts a session and a process group, which the
// child enters: see guardian/process_group.h.
#pragma once

#include "child/child_handle.h"
#include "child/child_main.h"
#include "child/guardian_handle.h"
#include "child/memory.h"

namespace seccomp {

// Runs the plan in a new process, under a guardian. Returns when both have executed their programs or have ended. The
// calling thread must have blocked all signals. If `plan->failure` is set then, the child and the guardian are to be
// reaped, and the child has ended or is being killed; a failure of the guardian has a call that begins with `guardian:
// `.
ChildHandle CloneGuarded(ChildPlan* plan, const ChildMemory& memory, GuardianHandle* guardian);

}  // namespace seccomp
