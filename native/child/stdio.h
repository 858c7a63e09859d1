// The descriptors of a child that does not run yet, on both sides.
#pragma once

#include <vector>

#include "child/relay.h"
#include "child/request.h"
#include "system/descriptor.h"
#include "system/failure.h"

namespace seccomp {

// A child can pass descriptors over a Unix socket, and the kernel closes those that nobody takes on the thread that
// reads or closes the socket. What they refer to decides how long that takes: a TCP socket may linger, a file of FUSE
// may never answer. So this process's end of a new socket takes no descriptors: that of stdin takes nothing at all, and
// the others have SO_PASSRIGHTS off (Linux 6.16). Before that version, a Relay takes them, on a thread of its own. So
// does one for a channel on any version, since a Node whose descriptor is refused reports no error, and keeps all later
// messages to itself.
struct Stdio {
  std::vector<int> child;          // As ChildPlan::descriptors.
  std::vector<Descriptor> parent;  // This process's end of each socket; -1 for all others. Then the channel's second.
  std::vector<Descriptor> temporary;  // Open only until the child has its duplicates.

  Failure Open(const Request& request);

 private:
  Failure OpenNullDevice(size_t i);
  Failure OpenSocket(size_t i, std::vector<Relayed>* relayed);
};

}  // namespace seccomp
