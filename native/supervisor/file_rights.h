// The rights of another thread to files, for a thread that looks for what that one names. Otherwise a child could
// measure whether files exist that it may not look for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace seccomp {

// The thread that calls Take first must be the only one that does, and must look for nothing else until it ends: it
// keeps the rights.
class FileRights {
 public:
  // Takes the filesystem IDs, the supplementary groups and the capabilities for reading any file of a thread of
  // `process`, unless it has them from before. Returns false if they are unknown, or this process may not take them, as
  // after setuid(3), which changes its own; the calling thread then may have other rights than these.
  bool Take(pid_t process, pid_t thread);

 private:
  // The credentials that decide about access to files.
  struct Rights {
    uid_t uid;
    gid_t gid;
    std::vector<uint32_t> groups;
    uint64_t capabilities;
  };
  static bool AreHeld(const Rights& rights);
  static std::optional<Rights> Of(pid_t thread, uint64_t capabilities);

  bool has_changed_ = false;   // Whether the calling thread has, or may have, other rights than at first.
  uint64_t capabilities_ = 0;  // The effective ones of the calling thread, at first.
  std::optional<Rights> taken_;
  // Whose rights were taken last.
  pid_t process_ = 0;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
};

}  // namespace seccomp
