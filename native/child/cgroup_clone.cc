#include "child/cgroup_clone.h"

#include <sched.h>

#include "child/bare_clone.h"

namespace seccomp {

long CloneIntoCgroup(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id) {
  flags |= CLONE_VFORK;
  plan->born_in_cgroup = true;
  const long child = BareCloneInto(plan->cgroup, RunChild, stack_top, flags, plan, pidfd, child_id);
  if (child > 0) return child;
  plan->born_in_cgroup = false;
  return BareClone(RunChild, stack_top, flags, plan, pidfd, child_id);
}

}  // namespace seccomp
