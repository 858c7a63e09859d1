#include "child/cgroup_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child/bare_clone.h"

namespace seccomp {

long CloneChild(ChildPlan* plan, void* stack_top, int flags, int* pidfd, int* child_id) {
  if (plan->cgroup >= 0) {
    flags |= CLONE_VFORK;
    plan->born_in_cgroup = true;
    const long child = BareCloneInto(plan->cgroup, RunChild, stack_top, flags, plan, pidfd, child_id);
    if (child > 0) return child;
    plan->born_in_cgroup = false;
  }
  return BareClone(RunChild, stack_top, flags, plan, pidfd, child_id);
}

const char* EnterCgroup(int cgroup) {
  const long members = syscall(SYS_openat, cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (members < 0) return "cgroup: open";
  const bool is_member = syscall(SYS_write, members, "0", 1L) == 1;
  const int error = errno;
  syscall(SYS_close, members);
  errno = error;
  return is_member ? nullptr : "cgroup: write";
}

}  // namespace seccomp
