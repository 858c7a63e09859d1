// How a child is cloned, and how it gets into the cgroup of its plan.
#pragma once

#include "child/child_main.h"

namespace seccomp {

// BareClone of RunChild. If the plan has a cgroup and the kernel can't let the child be born there, the child enters it
// by itself.
//
// With a cgroup, the calling process waits until the child has executed its program or has ended. This is not only for
// the plan: when the cgroup runs out of memory, the kernel kills all processes that share the memory of one of its
// members, which the child does with Node until then. It spares a member that was cloned with CLONE_VFORK. Source:
// in_vfork() of include/linux/sched/mm.h, and oom_badness() of mm/oom_kill.c.
long CloneChild(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id);

// Moves the calling process into a cgroup, of which this is the directory. Linux 4.5, cgroups(7). It takes
// milliseconds, for which the kernel waits: see BareCloneInto. Returns the name of what failed, with errno set, or
// null.
const char* EnterCgroup(int cgroup);

}  // namespace seccomp
