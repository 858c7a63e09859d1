// The guardian of a process tree: a process that outlives its parent, and then ends the tree.
#ifndef SECCOMP_NATIVE_GUARDIAN_GUARDIAN_H_
#define SECCOMP_NATIVE_GUARDIAN_GUARDIAN_H_

namespace seccomp {

// What a guardian is started with, see protocol.h.
struct Guarded {
  int control;
  int child_pidfd;
  int child;
  bool is_adopted;  // Its parent has been replaced by the first process. Only the end of that ends the tree.
};

// Guards the tree until it has ended. Returns a GuardianStatus.
//
// The calling process must be in a Landlock domain that scopes signals, which contains the whole tree and nothing else:
// kill(-1, …) reaches every process of the domain at once, those that are being forked included. Outside of a domain it
// would reach every process of the user. So nothing is killed unless the parent cannot be signalled.
int GuardTree(const Guarded& guarded);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_GUARDIAN_GUARDIAN_H_
