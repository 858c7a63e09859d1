#include "landlock/strict_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "system/file_status.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

constexpr int kMostLinks = 40;  // As the kernel's, path_resolution(7).
constexpr int kOpenFlags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
constexpr long kProcMagic = 0x9fa0;  // PROC_SUPER_MAGIC, linux/magic.h

// Walks along a path, one component at a time.
class Walk {
 public:
  explicit Walk(const LinkTrust& trust) : trust_(trust) {}

  StrictlyOpened Along(const std::string& path) {
    Prepend(path);
    if (!Restart()) return {Descriptor(), errno, ""};
    while (!rest_.empty()) {
      const std::string name = std::move(rest_.back());
      rest_.pop_back();
      if (!Step(name)) return {Descriptor(), error_, std::move(link_)};
    }
    return {std::move(directories_.back().file), 0, ""};
  }

 private:
  struct Place {
    std::string path;  // Empty for the root.
    Descriptor file;
  };

  bool Fail(int error, std::string link = "") {
    error_ = error;
    link_ = std::move(link);
    return false;
  }

  // Puts the components of a path before those that are left.
  void Prepend(std::string_view path) {
    std::vector<std::string> names;
    for (size_t start = 0; start <= path.size();) {
      const size_t end = std::min(path.find('/', start), path.size());
      const std::string_view name = path.substr(start, end - start);
      if (!name.empty() && name != ".") names.emplace_back(name);
      start = end + 1;
    }
    for (auto name = names.rbegin(); name != names.rend(); ++name) rest_.push_back(std::move(*name));
  }

  bool Restart() {
    directories_.clear();
    directories_.push_back({"", Descriptor(open("/", kOpenFlags | O_DIRECTORY))});
    return directories_.back().file.get() >= 0;
  }

  bool Step(const std::string& name) {
    if (name == "..") {
      if (directories_.size() > 1) directories_.pop_back();
      return true;
    }
    const Place& directory = directories_.back();
    std::string path = directory.path + "/" + name;
    Descriptor file(openat(directory.file.get(), name.c_str(), kOpenFlags));
    struct stat status = {};
    if (file.get() < 0 || FileStatus(file.get(), &status) != 0) return Fail(errno);
    if (S_ISLNK(status.st_mode)) return Follow(file, path);
    if (!rest_.empty() && !S_ISDIR(status.st_mode)) return Fail(ENOTDIR);
    directories_.push_back({std::move(path), std::move(file)});
    return true;
  }

  bool Follow(const Descriptor& link, const std::string& path) {
    if (!IsTrusted(directories_.back()) || NamesThisProcess(path)) return Fail(ELOOP, path);
    if (++links_ > kMostLinks) return Fail(ELOOP);
    char target[PATH_MAX];
    const ssize_t size = readlinkat(link.get(), "", target, sizeof target);
    if (size < 0) return Fail(errno);
    if (static_cast<size_t>(size) == sizeof target) return Fail(ENAMETOOLONG);
    const std::string_view text(target, static_cast<size_t>(size));
    Prepend(text);
    return text.substr(0, 1) != "/" || Restart() || Fail(errno);
  }

  // Whether only others than the child can change the entries of a directory.
  bool IsTrusted(const Place& directory) const {
    struct stat status = {};
    if (FileStatus(directory.file.get(), &status) != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return false;
    if (trust_.user != 0) return status.st_uid != trust_.user;
    if (!IsMapped(status.st_uid)) return true;
    if (status.st_uid != 0) return false;
    const std::string_view path = directory.path;
    return path.empty() || std::any_of(trust_.folders.begin(), trust_.folders.end(), [path](std::string_view folder) {
             if (folder.empty() || folder.back() != '/') return path == folder;
             return path.substr(0, folder.size()) == folder || path == folder.substr(0, folder.size() - 1);
           });
  }

  // Whether an owner may be mapped in this user namespace. The kernel shows all owners that are not as one ID, which
  // may be mapped as well. A capability in a namespace overrides no permissions of a file whose owner is not mapped in
  // it, whatever its group: capable_wrt_inode_uidgid of Linux, kernel/capability.c.
  bool IsMapped(uid_t user) const {
    return std::any_of(trust_.mapped.begin(), trust_.mapped.end(), [user](const MappedUsers& users) {
      return user >= users.first && user - users.first < users.count;
    });
  }

  // Whether a link is one of those of proc(5) that are different for each process, as /proc/self is.
  bool NamesThisProcess(const std::string& path) const {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name != "self" && name != "thread-self") return false;
    struct statfs status = {};
    return fstatfs(directories_.back().file.get(), &status) == 0 && status.f_type == kProcMagic;
  }

  const LinkTrust& trust_;
  std::vector<std::string> rest_;  // The components that are left, the next one last.
  std::vector<Place> directories_;
  int links_ = 0;
  int error_ = 0;
  std::string link_;
};

}  // namespace

StrictlyOpened OpenStrictly(const std::string& path, const LinkTrust& trust) {
  const OpenHow how = {O_PATH | O_CLOEXEC, 0, kResolveNoSymlinks | kResolveNoMagicLinks};
  Descriptor file(static_cast<int>(syscall(kOpenat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  if (file.get() >= 0) return {std::move(file), 0, ""};
  // A filter on this process may deny openat2(2).
  if (errno == ELOOP || errno == ENOSYS || errno == EPERM) return Walk(trust).Along(path);
  return {Descriptor(), errno, ""};
}

}  // namespace seccomp
