// A thread or a process that libc does not know of.
#pragma once

namespace seccomp {

// clone(2) with a function, for `flags` with CLONE_VM and without CLONE_SETTLS: the thread or process uses the calling
// thread's thread-local storage, so that the function must not use libc while that thread does. When the function
// returns, the thread or process ends. `parent_id` is for CLONE_PARENT_SETTID and CLONE_PIDFD, `child_id` for
// CLONE_CHILD_CLEARTID. Returns the ID or a negative errno, and leaves the errno of libc on most CPUs.
long BareClone(int (*function)(void*), void* stack_top, int flags, void* argument, int* parent_id, int* child_id);

// As BareClone, by clone3(2): the new process is born in a cgroup, a descriptor of whose directory is `cgroup` (Linux
// 5.7). That takes a tenth of a millisecond; moving a process into a cgroup takes several, for which the kernel waits.
// Returns -ENOSYS on a CPU for which this is not written, and under filters such as Docker's.
long BareCloneInto(int cgroup, int (*function)(void*), void* stack_top, int flags, void* argument, int* pidfd,
                   int* child_id);

}  // namespace seccomp
