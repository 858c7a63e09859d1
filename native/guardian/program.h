// Executes the program of a guardian, in a process that shares the memory of the addon's process.
#pragma once

#include "guardian/guardian.h"
#include "system/failure.h"

namespace seccomp {

// Executes the guardian's program, of which `program` is a descriptor. Returns only if that fails, with the reason in
// `failure`. When this process does not use its parent's descriptors any more, the futex `files_word` is cleared, if it
// is not nullptr. Leaves the errno of libc.
void ExecuteGuardian(int program, const Guarded& guarded, int* files_word, Failure* failure);

// Sets a word to 0 and wakes who waits for that.
void ClearFutex(int* word);

}  // namespace seccomp
