// Removes directories that hostile programs have filled.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "system/descriptor.h"

namespace seccomp {

// The numbers of a file, which no other file has as long as it exists.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity& other) const { return device == other.device && inode == other.inode; }
};
inline FileIdentity IdentityOf(const struct stat& file) { return {file.st_dev, file.st_ino}; }

// The user and the group with whose rights files are removed.
struct FileUser {
  uid_t uid;
  gid_t gid;
};

// Opens the directory `name` of `parent` for reading, without following a symbolic link, and describes it in `file`. If
// its mode forbids that, gives its owner all rights first. Returns 0 or an errno.
int OpenDirectory(int parent, const char* name, Descriptor* directory, struct stat* file);

// Removes the directory `name` of `parent` and everything beneath it. `identity`: that of the directory; another one is
// left, and ESTALE returned. Returns 0 if the directory does not exist any more, or the errno of the first file that
// could not be removed; ENOTEMPTY if processes add files faster than they are removed.
//
// Processes may change the directory meanwhile: every file is found by one name in an open directory, and no symbolic
// link is followed, so nothing is removed that was never beneath the directory. A process could move a directory of
// others into it, though. With `user`, only that user's rights are used for what is beneath it.
//
// Needs three descriptors. A directory that is not empty is moved up, to the top, before it is emptied, so the depth of
// the tree does not matter. If moving fails (with EXDEV where this process is in a Landlock domain that does not allow
// it), at most 64 nested directories are open at a time; those below them are left. Mount points are left: EBUSY, or
// EXDEV.
int RemoveTree(const Descriptor& parent, const std::string& name, const FileIdentity& identity,
               const std::optional<FileUser>& user = std::nullopt);

}  // namespace seccomp
