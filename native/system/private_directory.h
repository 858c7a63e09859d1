// The directory for temporary files of one child.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "system/descriptor.h"
#include "system/failure.h"
#include "system/remove_tree.h"
#include "system/worker.h"

namespace seccomp {

// A directory with a name that nobody can guess, and with mode 0700. The destructor does not remove it. Any thread may
// call any function.
class PrivateDirectory : public std::enable_shared_from_this<PrivateDirectory> {
 public:
  // Makes a directory in `parent`, which is a path. It belongs to `user`, or else to the user of this process. Starts
  // the thread that is to remove it: when the child has ended, there might be none.
  static Failure Make(const std::string& parent, const std::optional<FileUser>& user,
                      std::shared_ptr<PrivateDirectory>* directory);

  const std::string& name() const { return name_; }

  // Removes the directory and everything beneath it on a thread of its own: see RemoveTree. Uses no rights but those of
  // its user. Then calls `done` there with 0 or an errno. May be called again: that gives 0 if the directory does not
  // exist then.
  void Remove(std::function<void(int)> done);
  // The same, but waits for the end, though no longer than a Worker's patience: ETIMEDOUT means that the removal goes
  // on.
  int RemoveSoon();

 private:
  int RemoveNow();

  std::string name_;
  FileIdentity identity_;
  std::optional<FileUser> user_;  // Only if it is not that of this process.
  Descriptor parent_;             // Closed by the removal. Only for the Worker's thread.
  Worker worker_;
};

}  // namespace seccomp
