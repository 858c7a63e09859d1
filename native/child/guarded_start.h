// Starts a child together with the guardian of its tree.
//
//   this process ── the child: enters domain A ── the guardian, alone in A but not in B
//                              enters domain B inside of A, attaches its filters, executes the program
//
// The child shares this process's memory and, until it has cloned the guardian, its descriptors. The guardian is a
// child of this process too (CLONE_PARENT). It executes its program while the child goes on, and the child waits for it
// as its last step.
//
// Two kinds of starts have the other order, in which a first process, C0, clones the child and becomes the guardian
// itself. With a cgroup, the child is born there, and the guardian must not be. Where the kernel has no domains that
// scope signals, C0 starts a session and a process group, which the child enters: see guardian/process_group.h.
#ifndef SECCOMP_NATIVE_CHILD_GUARDED_START_H_
#define SECCOMP_NATIVE_CHILD_GUARDED_START_H_

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

#endif  // SECCOMP_NATIVE_CHILD_GUARDED_START_H_
