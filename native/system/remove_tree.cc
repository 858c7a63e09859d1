#include "system/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "system/dumpable.h"
#include "system/file_status.h"
#include "system/linux_abi.h"
#include "system/signals_blocked.h"

namespace seccomp {
namespace {

constexpr int kOpenFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// The most directories that are open at a time where they cannot be moved up.
constexpr int kMaxDepth = 64;
// Limits that matter only if processes add files meanwhile: how many entries more than it had at first are removed from
// a directory at a time, how often each directory is read again, and how many entries are tried in total.
constexpr uint64_t kMaxAdded = 1000;
constexpr int kMaxRounds = 5;
constexpr uint64_t kMaxEntries = 4'000'000;

// Gives the owner of a directory all rights. Returns whether that succeeded.
bool MakeAccessible(int parent, const char* name) {
  const Descriptor directory(openat(parent, name, O_PATH | kOpenFlags));
  if (directory.get() < 0) return false;
  if (syscall(kFchmodat2, directory.get(), "", S_IRWXU, AT_EMPTY_PATH) == 0) return true;
  // Before Linux 6.6. The link leads to the open directory, whatever has its name by now.
  return chmod(("/proc/self/fd/" + std::to_string(directory.get())).c_str(), S_IRWXU) == 0;
}

// The same for an open directory. What cannot be changed is reported by the call that needs it.
void GiveOwnerAccess(const Descriptor& directory, const struct stat& file) {
  if ((file.st_mode & S_IRWXU) != S_IRWXU) fchmod(directory.get(), S_IRWXU);
}

// Removes one name, be it that of a directory or not. Returns 0 or an errno.
int Unlink(int directory, const char* name, bool is_directory) {
  // A process may replace the file by one of the other kind each time.
  for (int tries = 0; tries < 4; tries++) {
    if (unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT) return 0;
    if (errno != (is_directory ? ENOTDIR : EISDIR)) return errno;
    is_directory = !is_directory;
  }
  return errno;
}

bool IsNotEmpty(int error) { return error == ENOTEMPTY || error == EEXIST; }

// The entries of an open directory, read from its beginning.
class Entries {
 public:
  explicit Entries(int directory) : directory_(directory) { Rewind(); }

  void Rewind() {
    lseek(directory_, 0, SEEK_SET);
    size_ = position_ = 0;
  }

  // Returns the next entry, which is valid until the next call, or nullptr at the end.
  const dirent* Next() {
    for (;;) {
      if (position_ == size_) {
        const long size = syscall(SYS_getdents64, directory_, buffer_.get(), kBufferSize);
        if (size < 0 && errno != ENOENT) error_ = errno;  // ENOENT: a process has removed the directory.
        if (size <= 0) return nullptr;
        size_ = size;
        position_ = 0;
      }
      const auto* entry = reinterpret_cast<const dirent*>(buffer_.get() + position_);
      position_ += entry->d_reclen;
      const std::string_view name = static_cast<const char*>(entry->d_name);
      if (name != "." && name != "..") return entry;
    }
  }

  // The errno for which the entries were not read to their end, or 0.
  int error() const { return error_; }

 private:
  static constexpr size_t kBufferSize = 32768;

  const int directory_;
  const std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBufferSize);
  long size_ = 0;
  long position_ = 0;
  int error_ = 0;
};

// Empties one directory, the top, in rounds.
class Emptying {
 public:
  Emptying(const Descriptor& top, const struct stat& file) : top_(top.get()), device_(file.st_dev) {}

  // Removes what can be removed. What processes add meanwhile may stay.
  void Round() {
    error_ = 0;
    removed_ = 0;
    Empty(top_, 0);
    while (next_ < moved_ && !IsSpent()) Remove(top_, MovedName(next_++).c_str(), true, 0);
  }

  // The errno of the first file that the last round could not remove, or 0.
  int error() const { return error_; }
  // Whether another round can remove more.
  bool CanContinue() const { return removed_ > 0 && !IsSpent(); }

 private:
  static std::string MovedName(uint64_t number) { return ".seccomp-" + std::to_string(number); }
  bool IsSpent() const { return tried_ >= kMaxEntries; }
  void Fail(int error) {
    if (error_ == 0) error_ = error;
  }

  // Tries to remove each entry once, at `depth` below the top.
  void Empty(int directory, int depth) {  // NOLINT(misc-no-recursion): at most kMaxDepth.
    Entries entries(directory);
    uint64_t limit = kMaxAdded;
    while (entries.Next() != nullptr) limit++;
    entries.Rewind();
    const dirent* entry = nullptr;
    while (limit-- > 0 && !IsSpent() && (entry = entries.Next()) != nullptr) {
      Remove(directory, static_cast<const char*>(entry->d_name), entry->d_type == DT_DIR, depth);
    }
    if (entries.error() != 0) Fail(entries.error());
  }

  // Removes one entry of a directory at `depth`, or moves it up.
  void Remove(int directory, const char* name, bool is_directory, int depth) {  // NOLINT(misc-no-recursion)
    tried_++;
    int error = Unlink(directory, name, is_directory);
    if (IsNotEmpty(error)) {
      // What is in the top already stays there. Else a pass might find it under each of its new names.
      error = depth > 0 ? MoveUp(directory, name) : EXDEV;
      if (error == 0) return;
      if (error != EBUSY && depth < kMaxDepth) error = RemoveInPlace(directory, name, depth);
    }
    if (error == 0) {
      removed_++;
    } else if (error != ENOENT) {
      Fail(error);
    }
  }

  int RemoveInPlace(int directory, const char* name, int depth) {  // NOLINT(misc-no-recursion)
    {
      Descriptor opened;
      struct stat file = {};
      const int error = OpenDirectory(directory, name, &opened, &file);
      if (error != 0) return error;
      if (file.st_dev != device_) return EXDEV;
      GiveOwnerAccess(opened, file);
      Empty(opened.get(), depth + 1);
    }
    return Unlink(directory, name, true);
  }

  // Gives an entry a new name in the top. Returns 0 or an errno.
  int MoveUp(int directory, const char* name) {
    bool is_accessible = false;
    while (!IsSpent()) {
      if (renameat(directory, name, top_, MovedName(moved_).c_str()) == 0) {
        moved_++;
        return 0;
      }
      const int error = errno;
      if (error == EACCES && !is_accessible) {  // A directory that is moved must be writable, as its ".." changes.
        is_accessible = true;
        if (!MakeAccessible(directory, name)) return error;
      } else if (IsNotEmpty(error) || error == ENOTDIR || error == EISDIR) {  // The program has used this name.
        tried_++;
        moved_++;
      } else {
        return error;
      }
    }
    return ENOTEMPTY;
  }

  const int top_;
  const dev_t device_;
  // The directories that were moved up have the numbers below `moved_`. Those below `next_` have been tried.
  uint64_t moved_ = 0;
  uint64_t next_ = 0;
  uint64_t tried_ = 0;
  uint64_t removed_ = 0;  // In this round.
  int error_ = 0;
};

// The file rights of another user, on the calling thread. Restores its own. By syscall(2), since libc's wrappers change
// all threads.
class RightsOf {
 public:
  explicit RightsOf(const FileUser& user) : groups_(OwnGroups()) {
    syscall(SYS_setgroups, 0, nullptr);  // Fails without CAP_SETGID. Then the thread keeps its groups.
    gid_ = syscall(SYS_setfsgid, user.gid);
    uid_ = syscall(SYS_setfsuid, user.uid);
    are_taken_ = Are(user.uid, user.gid);
  }
  ~RightsOf() {
    syscall(SYS_setfsuid, uid_);
    syscall(SYS_setfsgid, gid_);
    if (groups_) syscall(SYS_setgroups, groups_->size(), groups_->data());
  }
  RightsOf(const RightsOf&) = delete;
  RightsOf& operator=(const RightsOf&) = delete;

  bool are_taken() const { return are_taken_; }

 private:
  // Both calls return the former ID, even if they fail. -1 changes nothing.
  static bool Are(uid_t uid, gid_t gid) {
    return static_cast<gid_t>(syscall(SYS_setfsgid, -1)) == gid && static_cast<uid_t>(syscall(SYS_setfsuid, -1)) == uid;
  }

  static std::optional<std::vector<gid_t>> OwnGroups() {
    const long count = syscall(SYS_getgroups, 0, nullptr);
    std::vector<gid_t> groups(static_cast<size_t>(std::max(count, 0L)));
    return syscall(SYS_getgroups, groups.size(), groups.data()) == count ? std::optional(groups) : std::nullopt;
  }

  const std::optional<std::vector<gid_t>> groups_;
  long uid_ = -1, gid_ = -1;
  bool are_taken_ = false;
};

// Returns 0, or the errno for which there was no round.
int RunRound(Emptying* emptying, const std::optional<FileUser>& user) {
  if (!user) {
    emptying->Round();
    return 0;
  }
  const DumpableKept dumpable;
  const SignalsBlocked blocked;  // setuid(3) on another thread would change the IDs of this one.
  if (blocked.error() != 0) return blocked.error();
  const RightsOf rights(*user);
  if (!rights.are_taken()) return EPERM;
  emptying->Round();
  return 0;
}

}  // namespace

int OpenDirectory(int parent, const char* name, Descriptor* directory, struct stat* file) {
  *directory = Descriptor(openat(parent, name, O_RDONLY | kOpenFlags));
  if (directory->get() < 0 && errno == EACCES) {
    MakeAccessible(parent, name);  // If it fails, so does the next call, whose errno says why.
    *directory = Descriptor(openat(parent, name, O_RDONLY | kOpenFlags));
  }
  return directory->get() >= 0 && FileStatus(directory->get(), file) == 0 ? 0 : errno;
}

int RemoveTree(const Descriptor& parent, const std::string& name, const FileIdentity& identity,
               const std::optional<FileUser>& user) {
  Descriptor top;
  struct stat file = {};
  const int error = OpenDirectory(parent.get(), name.c_str(), &top, &file);
  if (error == ENOENT) return 0;
  if (error != 0) return error;
  if (!(IdentityOf(file) == identity)) return ESTALE;
  GiveOwnerAccess(top, file);
  Emptying emptying(top, file);
  for (int round = 0; round < kMaxRounds; round++) {
    const int failed = RunRound(&emptying, user);
    if (failed != 0) return failed;
    if (unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    if (!IsNotEmpty(errno)) return errno;
    if (!emptying.CanContinue()) break;
  }
  return emptying.error() != 0 ? emptying.error() : ENOTEMPTY;
}

}  // namespace seccomp
