// Opens paths for the rules of a ruleset, and follows no symbolic link that the child could have made or replaced.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "system/descriptor.h"

namespace seccomp {

// User IDs that are mapped in the user namespace of this process, user_namespaces(7).
struct MappedUsers {
  uid_t first;
  uint32_t count;
};

// Which symbolic links are followed: those in directories that `user` can't write. Root can write every directory whose
// owner is mapped in its user namespace; of these, links are followed in a directory of root's that is `/`, or one of
// `folders`, or beneath one that ends in `/`.
struct LinkTrust {
  uid_t user = 0;
  std::vector<std::string> folders;
  std::vector<MappedUsers> mapped = {{0, UINT32_MAX}};
};

struct StrictlyOpened {
  Descriptor file;  // O_PATH. -1 with `error` set if the path can't be opened.
  int error = 0;
  std::string link;  // With ELOOP: the link that was not followed. Empty if there were too many.
};

// Opens an absolute path without `.` and `..`. Linux 5.6 does it in one call, unless there is a symbolic link.
StrictlyOpened OpenStrictly(const std::string& path, const LinkTrust& trust);

}  // namespace seccomp
