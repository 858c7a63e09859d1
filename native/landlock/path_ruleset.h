// A Landlock ruleset that grants rights beneath paths, landlock(7).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "landlock/strict_open.h"
#include "system/credentials.h"
#include "system/descriptor.h"
#include "system/file_status.h"

namespace seccomp {

// Grants `rights`, LANDLOCK_ACCESS_FS_*, on a file, or beneath a directory.
struct PathRule {
  std::string path;  // Absolute, without `.` and `..`.
  uint64_t rights = 0;
  bool is_optional = false;  // Whether a path that does not exist is skipped.
  // Whether all symbolic links are followed, and what is no executable file is skipped. The child may be able to
  // replace the file until it is opened here, so that whoever named the path can't have checked it.
  bool is_program = false;
  // Whether what is no regular file, or is behind a symbolic link that is not followed, is skipped.
  bool is_file = false;
};

// Why a ruleset was not made.
struct PathRulesetFailure {
  int error = 0;
  const char* call = "";
  size_t rule = 0;   // The index of the rule, if `call` concerns one.
  std::string link;  // As in StrictlyOpened.
};

class PathRuleset {
 public:
  // `handled` and `scoped`: as in Domain. Returns nullptr with the reason in `failure`.
  static std::shared_ptr<const PathRuleset> Make(uint64_t handled, uint64_t scoped, const std::vector<PathRule>& rules,
                                                 const LinkTrust& trust, PathRulesetFailure* failure);

  int descriptor() const { return ruleset_.get(); }

  // Whether each path still leads to the file for which the ruleset has a rule, or, if it was skipped, to none. The
  // kernel does not reuse the inode number of such a file, since the ruleset holds its inode until its file system is
  // unmounted; another that is mounted then may have the same numbers, but is another mount. A program must also have
  // the same content and mode. If links were followed because a user other than root can't replace them, this thread
  // must still have the credentials that made it such a user.
  bool IsCurrent() const;

 private:
  // What must be at a path for as long as the ruleset is current.
  struct Expected {
    bool Matches(const FileVersion& other) const;

    std::string path;
    bool has_same_content = false;  // Whether its content must be the same.
    bool exists = false;
    FileVersion version;
  };

  explicit PathRuleset(Descriptor ruleset) : ruleset_(std::move(ruleset)) {}
  bool Add(const PathRule& rule, uint64_t handled, const LinkTrust& trust, PathRulesetFailure* failure);
  void Expect(Expected expected);

  PrivateDescriptor ruleset_;
  uid_t user_ = 0;  // As in LinkTrust.
  Credentials credentials_ = {};
  std::vector<Expected> expected_;
};

}  // namespace seccomp
