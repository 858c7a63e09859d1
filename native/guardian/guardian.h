// The guardian of a process tree: a process that outlives its parent, and then ends the tree.
#pragma once

namespace seccomp {

// What a guardian is started with, see protocol.h.
struct Guarded {
  int control;
  int child_pidfd;
  int child;
  bool is_adopted;  // Its parent has been replaced by the first process. Only the end of that ends the tree.
  int group;        // The ID of the tree's process group, see process_group.h. 0: the tree is a domain.
};

// Guards the tree until it has ended. Returns a GuardianStatus.
//
// The calling process must be in a Landlock domain that scopes signals, which contains the whole tree and nothing else:
// kill(-1, …) reaches every process of the domain at once, those that are being forked included. Outside of a domain it
// would reach every process of the user. So nothing is killed unless the parent cannot be signalled.
//
// Or else the tree is a process group, which kill(2) reaches as well at once. The calling process must have the group's
// holder as a child that has ended, so that no other group can get the ID. It is not in the group itself.
int GuardTree(const Guarded& guarded);

}  // namespace seccomp
