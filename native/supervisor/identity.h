// Who a thread acts as, so that what is done in its place is done with its rights and no others.
#ifndef SECCOMP_NATIVE_IDENTITY_H_
#define SECCOMP_NATIVE_IDENTITY_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "child/clone.h"
#include "napi/read_request.h"

namespace seccomp {

// Effective user and group, supplementary groups, effective capabilities, root and working directory of a thread. It
// may be another's if the thread is gone by now: see caller.h.
class Identity {
 public:
  // From /proc. An empty result: it can't be known, or we may not take it on: its user namespace is another one, or the
  // IDs with which it reaches files are not its effective ones.
  static std::optional<Identity> Of(pid_t thread);

  Identity(Identity&&) = default;
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  Identity& operator=(Identity&&) = default;
  ~Identity();

  // Gives it to the calling thread, which must end afterwards: it gets back its user and group with the end of this,
  // and nothing else. False: we may not. Clears this process's dumpable flag.
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
  bool has_our_root_ = false;
  bool is_assumed_ = false;
  uid_t our_uid_ = 0;
  gid_t our_gid_ = 0;
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_IDENTITY_H_
