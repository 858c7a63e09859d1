// A thread that libc does not know of.
#ifndef SECCOMP_NATIVE_CHILD_BARE_THREAD_H_
#define SECCOMP_NATIVE_CHILD_BARE_THREAD_H_

#include <sys/types.h>

namespace seccomp {

// clone(2) with a function, for `flags` with CLONE_VM, CLONE_THREAD, CLONE_PARENT_SETTID and CLONE_CHILD_CLEARTID, and
// without CLONE_SETTLS: the thread uses the calling one's thread-local storage, so the function must not use libc. When
// it returns, the thread ends. `id` is set to the thread's ID, and to 0 when it has ended. Returns 0 or an errno.
int StartBareThread(int (*function)(void*), void* stack_top, int flags, void* argument, pid_t* id);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_CHILD_BARE_THREAD_H_
