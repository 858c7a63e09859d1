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

  // Whether an absolute path means the same to the thread and to this process.
  bool HasOurRoot() const {
    struct stat ours = {};
    struct stat its = {};
    return FileStatusAt(AT_FDCWD, "/", 0, &ours) == 0 &&
           FileStatusAt(AT_FDCWD, (thread_ + "/root").c_str(), 0, &its) == 0 && ours.st_dev == its.st_dev &&
           ours.st_ino == its.st_ino;
  }

  // `directory`: a descriptor of the thread, or AT_FDCWD. `is_created`: whether a missing file is of interest.
  NamedFile Find(std::string text, int directory, bool is_created) const {
    NamedFile named;
    named.text = std::move(text);
    const bool is_absolute = StartsWith(named.text, "/");
    if (!HasOurRoot()) return named;
    Descriptor base;
    if (!is_absolute) {
      const std::string link = directory == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(directory);
      base = Descriptor(open((thread_ + link).c_str(), O_PATH | O_CLOEXEC));
      if (base.get() < 0) return named;
      named.base = PathOf(base);
    }
    const std::string name = is_absolute ? AsItsOwn(named.text) : named.text;
    const int start = is_absolute ? AT_FDCWD : base.get();
    const Descriptor found = Open(start, name, O_NOFOLLOW);
    if (found.get() >= 0) {
      named.file = Found(found);
      if (named.file.type == 'l') named.target = Found(Open(start, name, 0));
    } else if (errno == ENOENT && is_created) {
      named.file = FindMissing(start, name);
    }
    return named;
  }

 private:
  // Links such as /proc/self/fd/0 would lead to files of this process.
  static Descriptor Open(int start, const std::string& name, int flags) {
    OpenHow how = {static_cast<uint64_t>(O_PATH | O_CLOEXEC | flags), 0, kResolveNoMagicLinks};
    return Descriptor(static_cast<int>(syscall(kOpenat2, start, name.c_str(), &how, sizeof how)));
  }

  FoundFile Found(const Descriptor& file) const {
    std::string path = file.get() < 0 ? "" : PathOf(file);
    if (!IsReachable(path)) return {};
    return {std::move(path), TypeOf(file), ""};
  }

  // Whether the path of a descriptor leads to it: not to a pipe, a memfd, a removed file, or one of another mount
  // namespace.
  static bool IsReachable(const std::string& path) {
    constexpr std::string_view deleted = " (deleted)";
    const bool is_removed =
        path.size() > deleted.size() && path.compare(path.size() - deleted.size(), deleted.size(), deleted) == 0;
    return StartsWith(path, "/") && !is_removed;
  }

  FoundFile FindMissing(int start, std::string name) const {
    while (name.size() > 1 && name.back() == '/') name.pop_back();
    const size_t slash = name.rfind('/');
    const std::string last = slash == std::string::npos ? name : name.substr(slash + 1);
    const std::string parent = slash == std::string::npos ? "." : name.substr(0, slash + 1);
    const Descriptor directory = Open(start, parent, O_DIRECTORY);
    if (directory.get() < 0) return {};
    std::string path = PathOf(directory);
    if (!IsReachable(path)) return {};
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

  std::string PathOf(const Descriptor& file) const {
    std::array<char, PATH_MAX> path = {};
    const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(file.get())).c_str(), path.data(), path.size());
    std::string found(path.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
    // What led through /proc/self, by a link or a relative path.
    const std::string ours = "/proc/" + std::to_string(getpid());
    const bool is_ours = StartsWith(found, ours) && (found.size() == ours.size() || found[ours.size()] == '/');
    return is_ours ? process_ + found.substr(ours.size()) : found;
  }

  std::string process_, thread_;  // Their directories in /proc.
};

// The path to which an argument points; nullopt if there is none that the kernel would take.
std::optional<std::string> ReadText(const PathArgument& path, const seccomp_data& call, pid_t thread) {
  const uint64_t address = ArgumentOf(call, path.argument);
  if (!path.address_size) {
    std::string text = ReadMemory(thread, address, PATH_MAX);
    const size_t end = text.find('\0');
    if (end == std::string::npos) return std::nullopt;
    text.resize(end);
    return text;
  }
  const uint64_t size = std::min<uint64_t>(ArgumentOf(call, *path.address_size), sizeof(sockaddr_un));
  std::string bytes = ReadMemory(thread, address, size);
  sa_family_t family = 0;
  constexpr size_t start = offsetof(sockaddr_un, sun_path);
  if (bytes.size() <= start) return std::nullopt;
  memcpy(&family, bytes.data(), sizeof family);
  if (family != AF_UNIX || bytes[start] == '\0') return std::nullopt;
  return bytes.substr(start, bytes.find('\0', start) - start);
}

}  // namespace

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::vector<NamedFile> FindNamedFiles(const PathTraits& traits, const seccomp_data& call, pid_t process, pid_t thread) {
  std::vector<NamedFile> files;
  const std::optional<uint64_t> flags = FlagsOf(traits, call, thread);
  if (!flags || (*flags & traits.ignored) != 0) return files;
  const Finder finder(process, thread);
  for (const PathArgument& path : traits.paths) {
    std::optional<std::string> text = ReadText(path, call, thread);
    if (!text || text->empty()) return {};
    const auto directory = path.directory ? static_cast<int>(call.args[*path.directory]) : AT_FDCWD;
    const bool is_created = path.creating == kAlwaysCreates || (*flags & path.creating) != 0;
    files.push_back(finder.Find(std::move(*text), directory, is_created));
    if (files.back().file.type == kUnresolved) return {};
  }
  return files;
}

void FindLineages(std::vector<NamedFile>* files) {
  for (NamedFile& each : *files) {
    each.file.lineage = LineageOf(each.file);
    each.target.lineage = LineageOf(each.target);
  }
}

std::optional<uint64_t> FlagsOf(const PathTraits& traits, const seccomp_data& call, pid_t thread) {
  if (traits.flags) return ArgumentOf(call, *traits.flags);
  if (!traits.open_how) return 0;
  OpenHow how = {};
  const std::string bytes = ReadMemory(thread, ArgumentOf(call, *traits.open_how), sizeof how);
  const uint64_t size = ArgumentOf(call, size_t{*traits.open_how} + 1);
  if (bytes.size() < sizeof how || size < sizeof how) return std::nullopt;
  memcpy(&how, bytes.data(), sizeof how);
  if (how.resolve != 0) return std::nullopt;
  return how.flags;
}

}  // namespace seccomp
