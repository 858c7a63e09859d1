#include "supervisor/named_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "supervisor/call_argument.h"
#include "supervisor/notified_thread.h"
#include "system/descriptor.h"
#include "system/file_status.h"
#include "system/linux_abi.h"

namespace seccomp {
namespace {

bool StartsWith(const std::string& text, const std::string& start) { return text.compare(0, start.size(), start) == 0; }

char TypeOf(const Descriptor& file) {
  struct stat status = {};
  if (FileStatus(file.get(), &status) != 0) return kUnresolved;
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0 ? kExecutable : '-';
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    default:
      return kUnresolved;
  }
}

// The most links in a row that the kernel follows: MAXSYMLINKS of linux/namei.h.
constexpr int kMostLinks = 40;

// Programs may make deeper directories than anyone names. Looking at each takes a few microseconds.
constexpr int kDeepest = 64;

void AppendIdentity(const struct stat& status, std::string* lineage) {
  *lineage += std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + " ";
}

// Goes up by descriptors: by paths, it would take the square of the time.
std::string LineageOf(const FoundFile& file) {
  std::string lineage;
  struct stat status = {};
  if (file.path.empty()) return lineage;
  if (file.type != kMissing) {
    if (FileStatusAt(AT_FDCWD, file.path.c_str(), AT_SYMLINK_NOFOLLOW, &status) != 0) return lineage;
    AppendIdentity(status, &lineage);
  }
  std::string parent = file.path.substr(0, file.path.rfind('/'));
  if (file.path == "/") return lineage;
  if (parent.empty()) parent = "/";
  Descriptor directory(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (int depth = 0; depth < kDeepest && FileStatus(directory.get(), &status) == 0; depth++) {
    const struct stat below = status;
    AppendIdentity(status, &lineage);
    Descriptor above(openat(directory.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const bool is_root =
        FileStatus(above.get(), &status) == 0 && status.st_dev == below.st_dev && status.st_ino == below.st_ino;
    if (is_root) break;
    directory = std::move(above);
  }
  return lineage;
}

// Finds files for one thread.
class Finder {
 public:
  // NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
  Finder(pid_t process, pid_t thread)
      : process_("/proc/" + std::to_string(process)), thread_("/proc/" + std::to_string(thread)) {}

  // `directory`: a descriptor of the thread, or AT_FDCWD. `is_created`: whether a missing file is of interest.
  NamedFile Find(std::string text, int directory, bool is_created) {
    NamedFile named;
    named.text = std::move(text);
    const bool is_absolute = StartsWith(named.text, "/");
    is_unsure_ = !HasOur("/root");  // An absolute path means something else to it.
    if (is_unsure_) return named;
    Descriptor base;
    if (!is_absolute) {
      const std::string link = directory == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(directory);
      base = Opened(open((thread_ + link).c_str(), O_PATH | O_CLOEXEC));
      is_unsure_ |= named.text.empty();  // AT_EMPTY_PATH
      is_unsure_ |= base.get() >= 0 && !IsAtItsPath(base);
      if (base.get() < 0 || is_unsure_) return named;
      named.base = PathOf(base);
    }
    const std::string name = is_absolute ? AsItsOwn(named.text) : named.text;
    const int start = is_absolute ? AT_FDCWD : base.get();
    const Descriptor found = Look(start, name);
    if (found.get() >= 0) {
      named.file = Found(found);
      if (named.file.type != 'l') return named;
      const Descriptor target = Followed(start, name, named.file);
      const bool leads_nowhere = target.get() < 0 && errno == ENOENT;
      named.target = leads_nowhere && is_created ? FindMissingTarget(named.file.path) : Found(target);
    } else if (errno == ENOENT && is_created) {
      named.file = FindMissing(start, name);
    }
    return named;
  }

  // Whether a file that was not found may be one that the kernel finds.
  bool is_unsure() const { return is_unsure_; }

 private:
  // Whether a link in the thread's directory in /proc leads to what this process's leads to.
  bool HasOur(const char* link) const {
    struct stat ours = {};
    struct stat its = {};
    return FileStatusAt(AT_FDCWD, (std::string("/proc/self") + link).c_str(), 0, &ours) == 0 &&
           FileStatusAt(AT_FDCWD, (thread_ + link).c_str(), 0, &its) == 0 && ours.st_dev == its.st_dev &&
           ours.st_ino == its.st_ino;
  }

  // Links such as /proc/self/fd/0 would lead to files of this process.
  static int OpenPlain(int start, const std::string& name, int flags) {
    OpenHow how = {static_cast<uint64_t>(O_PATH | O_CLOEXEC | flags), 0, kResolveNoMagicLinks};
    return static_cast<int>(syscall(kOpenat2, start, name.c_str(), &how, sizeof how));
  }

  Descriptor Open(int start, const std::string& name, int flags) { return Opened(OpenPlain(start, name, flags)); }

  // With the errors of a path the call itself fails, too, before Landlock is asked; but it may have more rights in a
  // user namespace of its own. Leaves errno as it is.
  Descriptor Opened(int descriptor) {
    if (descriptor >= 0) return Descriptor(descriptor);
    const int error = errno;
    const bool fails_too =
        error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || (error == EACCES && HasOur("/ns/user"));
    is_unsure_ |= !fails_too;
    errno = error;
    return Descriptor();
  }

  // Whether a directory is in the mounts of this process, at its path there: not in one that was copied by
  // open_tree(2).
  static bool IsAtItsPath(const Descriptor& directory) {
    const std::string path = ReadLink("/proc/self/fd/" + std::to_string(directory.get()));
    struct stat here = {};
    struct stat there = {};
    return FileStatus(directory.get(), &here) == 0 && FileStatusAt(AT_FDCWD, path.c_str(), 0, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
  }

  // Opens the file itself, also if it is a link.
  Descriptor Look(int start, const std::string& name) {
    const int found = OpenPlain(start, name, O_NOFOLLOW);
    if (found >= 0 || errno != ENOENT) return Opened(found);
    // The path may lead through /proc/self, by links or other words.
    const std::string own = AsItsOwnMissing(start, name);
    errno = ENOENT;
    return Opened(own.empty() ? -1 : OpenPlain(AT_FDCWD, own, O_NOFOLLOW));
  }

  // The path in the thread's own directory in /proc of a file that is missing in that of this process; empty if it is
  // missing elsewhere.
  std::string AsItsOwnMissing(int start, const std::string& name) const {
    const std::string ours = "/proc/" + std::to_string(getpid());
    size_t slash = name.rfind('/');
    for (; slash != std::string::npos && slash > 0; slash = name.rfind('/', slash - 1)) {
      const Descriptor directory(OpenPlain(start, name.substr(0, slash), O_DIRECTORY));
      if (directory.get() < 0) continue;
      const std::string path = ReadLink("/proc/self/fd/" + std::to_string(directory.get()));
      const bool is_ours = StartsWith(path + "/", ours + "/");
      return is_ours ? process_ + path.substr(ours.size()) + name.substr(slash) : "";
    }
    return "";
  }

  // Opens the file to which a link leads. /dev/stdin and links of other names lead to one in /proc/self, which is
  // followed as the thread's own.
  Descriptor Followed(int start, const std::string& name, const FoundFile& link) {
    Descriptor plain(OpenPlain(start, name, 0));
    if (plain.get() >= 0 || (errno != ELOOP && errno != ENOENT)) return Opened(plain.Release());
    std::string path = link.path;
    for (int i = 0; i < kMostLinks && !StartsWith(path, process_ + "/"); i++) {
      const Descriptor found = Look(AT_FDCWD, NextOf(path));
      if (found.get() < 0) return Descriptor();
      path = PathOf(found);
    }
    if (StartsWith(path, process_ + "/")) return Opened(open(path.c_str(), O_PATH | O_CLOEXEC));
    is_unsure_ = true;
    return Descriptor();
  }

  FoundFile Found(const Descriptor& file) {
    if (file.get() < 0) return {};
    FoundFile found = {PathOf(file), kUnresolved, ""};
    // A pipe, a socket or the like: Landlock allows all accesses by their links in /proc.
    if (found.path.find(":[") != std::string::npos && !StartsWith(found.path, "/")) return {};
    if (IsReachable(found.path)) found.type = TypeOf(file);
    is_unsure_ |= found.type == kUnresolved;
    return found.type == kUnresolved ? FoundFile() : found;
  }

  // Whether the path of a descriptor leads to it: not to a pipe, a memfd, a removed file, or one of another mount
  // namespace.
  static bool IsReachable(const std::string& path) {
    constexpr std::string_view deleted = " (deleted)";
    const bool is_removed =
        path.size() > deleted.size() && path.compare(path.size() - deleted.size(), deleted.size(), deleted) == 0;
    return StartsWith(path, "/") && !is_removed;
  }

  // The path to which a link leads, which may be a link as well.
  std::string NextOf(const std::string& link) const {
    const std::string text = ReadLink(link);
    return StartsWith(text, "/") ? AsItsOwn(text) : link.substr(0, link.rfind('/') + 1) + text;
  }

  // The file that a call makes through a link to nothing.
  FoundFile FindMissingTarget(std::string link) {
    for (int i = 0; i < kMostLinks; i++) {
      std::string next = NextOf(link);
      const Descriptor found(OpenPlain(AT_FDCWD, next, O_NOFOLLOW));
      if (found.get() < 0) return errno == ENOENT ? FindMissing(AT_FDCWD, std::move(next)) : FoundFile();
      link = PathOf(found);
    }
    is_unsure_ = true;
    return {};
  }

  FoundFile FindMissing(int start, std::string name) {
    while (name.size() > 1 && name.back() == '/') name.pop_back();
    const size_t slash = name.rfind('/');
    const std::string last = slash == std::string::npos ? name : name.substr(slash + 1);
    const std::string parent = slash == std::string::npos ? "." : name.substr(0, slash + 1);
    const Descriptor directory = Open(start, parent, O_DIRECTORY);
    FoundFile found = Found(directory);
    if (found.path.empty()) return {};
    std::string path = std::move(found.path);
    if (path != "/") path += '/';
    return {path + last, kMissing, ""};
  }

  // /proc/self is another directory for each process.
  std::string AsItsOwn(const std::string& path) const {
    const auto replaced = [&path](const std::string& name, const std::string& by) -> std::string {
      if (!StartsWith(path, name) || (path.size() > name.size() && path[name.size()] != '/')) return "";
      return by + path.substr(name.size());
    };
    std::string own = replaced("/proc/self", process_);
    if (own.empty()) own = replaced("/proc/thread-self", thread_);
    return own.empty() ? path : own;
  }

  static std::string ReadLink(const std::string& link) {
    std::array<char, PATH_MAX> text = {};
    const ssize_t size = readlink(link.c_str(), text.data(), text.size());
    return {text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }

  std::string PathOf(const Descriptor& file) const {
    std::string found = ReadLink("/proc/self/fd/" + std::to_string(file.get()));
    // What led through /proc/self, by a link or a relative path.
    const std::string ours = "/proc/" + std::to_string(getpid());
    const bool is_ours = StartsWith(found, ours) && (found.size() == ours.size() || found[ours.size()] == '/');
    return is_ours ? process_ + found.substr(ours.size()) : found;
  }

  std::string process_, thread_;  // Their directories in /proc.
  bool is_unsure_ = false;
};

// Reads the path to which an argument points. Sets `is_read` to whether its memory could be read: it may be memory that
// the kernel waits for, by userfaultfd(2). Returns nullopt for what the kernel would not take.
std::optional<std::string> ReadText(const PathArgument& path, const seccomp_data& call, pid_t thread, bool* is_read) {
  const uint64_t address = ArgumentOf(call, path.argument);
  if (!path.address_size) {
    std::string text = ReadMemory(thread, address, PATH_MAX);
    const size_t end = text.find('\0');
    *is_read = end != std::string::npos || text.size() == PATH_MAX || address == 0;  // 0: EFAULT.
    if (end == std::string::npos) return std::nullopt;
    text.resize(end);
    return text;
  }
  const uint64_t size = std::min<uint64_t>(ArgumentOf(call, *path.address_size), sizeof(sockaddr_un));
  std::string bytes = ReadMemory(thread, address, size);
  *is_read = bytes.size() == size;
  sa_family_t family = 0;
  constexpr size_t start = offsetof(sockaddr_un, sun_path);
  if (bytes.size() <= start) return std::nullopt;
  memcpy(&family, bytes.data(), sizeof family);
  if (family != AF_UNIX || bytes[start] == '\0') return std::nullopt;
  return bytes.substr(start, bytes.find('\0', start) - start);
}

// The flags of the call, 0 if it has none; nullopt for an openat2(2) that fails. Sets `unseen` if they can't be read,
// or if they restrict how the path is resolved.
std::optional<uint64_t> FlagsOf(const PathTraits& traits, const seccomp_data& call, pid_t thread,
                                std::optional<Unseen>* unseen) {
  if (traits.flags) return ArgumentOf(call, *traits.flags);
  if (!traits.open_how) return 0;
  OpenHow how = {};
  if (ArgumentOf(call, size_t{*traits.open_how} + 1) < sizeof how) return std::nullopt;
  const std::string bytes = ReadMemory(thread, ArgumentOf(call, *traits.open_how), sizeof how);
  if (bytes.size() < sizeof how) {
    *unseen = Unseen::kUnreadable;
    return std::nullopt;
  }
  memcpy(&how, bytes.data(), sizeof how);
  if (how.resolve != 0) *unseen = Unseen::kNotFound;
  return how.flags;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
NamedFiles FindNamedFiles(const PathTraits& traits, const seccomp_data& call, pid_t process, pid_t thread) {
  NamedFiles named;
  const std::optional<uint64_t> flags = FlagsOf(traits, call, thread, &named.unseen);
  const bool is_of_interest = flags && (*flags & traits.ignored) == 0;
  if (flags && !is_of_interest) named.unseen.reset();
  if (named.unseen || !is_of_interest) return named;
  named.flags = *flags;
  Finder finder(process, thread);
  for (const PathArgument& path : traits.paths) {
    bool is_read = false;
    std::optional<std::string> text = ReadText(path, call, thread, &is_read);
    if (!is_read) named.unseen = Unseen::kUnreadable;
    const bool opens = traits.flags || traits.open_how;  // It has no AT_EMPTY_PATH: ENOENT.
    const bool is_found = text && (!text->empty() || (path.directory && !opens));
    const auto directory = path.directory ? static_cast<int>(call.args[*path.directory]) : AT_FDCWD;
    const bool is_created = path.creating == kAlwaysCreates || (*flags & path.creating) != 0;
    if (is_found) named.files.push_back(finder.Find(std::move(*text), directory, is_created));
    if (finder.is_unsure()) named.unseen = Unseen::kNotFound;
    if (is_found && named.files.back().file.type != kUnresolved) continue;
    named.files.clear();
    break;
  }
  return named;
}

void FindLineages(std::vector<NamedFile>* files) {
  for (NamedFile& each : *files) {
    each.file.lineage = LineageOf(each.file);
    each.target.lineage = LineageOf(each.target);
  }
}

}  // namespace seccomp
