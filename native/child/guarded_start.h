// Starts a child together with the guardian of its tree.
//
//   this process ── C0, which becomes the guardian (domain A) ── the child (domain B inside of A)
//
// C0 shares this process's memory and descriptors. It enters domain A, clones the child from there as a child of this
// process (CLONE_PARENT), and executes the guardian's program in its own place. So the child, and all that it starts,
// is in A from its birth, and the guardian alone is in A but not in B.
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
