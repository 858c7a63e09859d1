// The credentials of another thread. A thread of this process that assumes them acts with that thread's rights only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/descriptor.h"

namespace seccomp {

// Effective user and group, supplementary groups, effective capabilities, root and working directory of a thread. If
// the thread has died, they may be those of another process: see notified_thread.h.
class Identity {
 public:
  // Reads them from /proc. Returns nullopt if they are unknown, or cannot be assumed: the thread is in another user
  // namespace, or its filesystem IDs differ from its effective IDs.
  static std::optional<Identity> Of(pid_t thread);

  Identity(Identity&&) = default;
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  Identity& operator=(Identity&&) = default;
  ~Identity();

  // Assumes the credentials on the calling thread. Returns false if this process lacks the permission. The destructor
  // restores the user, the groups and the capabilities, so that the calling thread then changes its IDs as the others
  // do if they call setuid(3). It does not restore the root and the directory: the thread must end afterwards, and must
  // start no other thread, which would inherit them. Clears the dumpable flag of this process.
  bool Assume();

 private:
  Identity() = default;
  bool AssumeRoot() const;
  bool AssumeIds() const;

  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
  uint64_t capabilities_ = 0;
  Descriptor root_, directory_;
  bool has_same_root_ = false;
  bool is_assumed_ = false;
  // Those of the calling thread before Assume.
  uid_t saved_uid_ = 0;
  gid_t saved_gid_ = 0;
  std::vector<gid_t> saved_groups_;
  std::optional<uint64_t> saved_capabilities_;
};

}  // namespace seccomp
