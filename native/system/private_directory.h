// The directory for temporary files of one child.
#ifndef SECCOMP_NATIVE_SYSTEM_PRIVATE_DIRECTORY_H_
#define SECCOMP_NATIVE_SYSTEM_PRIVATE_DIRECTORY_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "system/descriptor.h"
#include "system/failure.h"
#include "system/remove_tree.h"

namespace seccomp {

// A directory with a name that nobody can guess, and with mode 0700. The destructor does not remove it. Any thread may
// call any function.
class PrivateDirectory {
 public:
  // Makes a directory in `parent`, which is a path. It belongs to `user`, or else to the user of this process.
  static Failure Make(const std::string& parent, const std::optional<FileUser>& user,
                      std::shared_ptr<PrivateDirectory>* directory);

  const std::string& name() const { return name_; }

  // Removes the directory and everything beneath it: see RemoveTree. Uses no rights but those of its user. Returns 0 or
  // an errno. May be called again: that returns 0 if the directory does not exist any more.
  int Remove();

 private:
  std::string name_;
  FileIdentity identity_;
  std::optional<FileUser> user_;  // Only if it is not that of this process.
  std::mutex mutex_;              // Held during a removal, so that a second one waits for the first.
  Descriptor parent_;             // Closed by the removal.
};

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_PRIVATE_DIRECTORY_H_
