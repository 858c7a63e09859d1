// Finds the files that a notified call names, as the calling thread would find them.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace seccomp {

// An argument that points to a path.
struct PathArgument {
  uint8_t argument = 0;
  // The argument with the directory at which a relative path starts. None: the working directory.
  std::optional<uint8_t> directory;
  // Set if `argument` points to a sockaddr_un instead: the argument with its size.
  std::optional<uint8_t> address_size;
  // The flags of which one makes the call create a file that is missing. Calls that do not are of no interest then.
  uint32_t creating = 0;
};

constexpr uint32_t kAlwaysCreates = UINT32_MAX;

// The files that the calls of one syscall number name.
struct PathTraits {
  std::vector<PathArgument> paths;
  uint8_t distinguishing = 0;       // A bit for each argument, such as flags, by which accesses differ.
  std::optional<uint8_t> flags;     // The argument with flags,
  std::optional<uint8_t> open_how;  // or the one that points to a struct open_how, which has these.
  uint32_t ignored = 0;             // The flags of which one makes the call of no interest.
};

// What a file is: the letter that ls(1) prints for it, with `-` for a regular one, or one of the following.
constexpr char kExecutable = 'x';  // A regular file that somebody may execute.
constexpr char kMissing = '0';     // There is no file with this name, but the directory is there.
constexpr char kUnresolved = '?';  // Unknown: the thread has another root, for example, or a directory is missing.

struct FoundFile {
  std::string path;  // Absolute, without symbolic links but perhaps the last name. Empty if it is unresolved.
  char type = kUnresolved;
  // `DEVICE:INODE` of the file unless it is missing, and of each directory above it, with a space after each. Only the
  // lowest 64 directories.
  std::string lineage;
};

struct NamedFile {
  std::string text;  // As in the call.
  std::string base;  // The directory at which it starts, if it is relative.
  FoundFile file;
  FoundFile target;  // What it leads to, if it is a symbolic link.
};

// Why it is not known which files a call names.
enum class Unseen : uint8_t {
  kNoRoom,      // More kinds of calls were made than are kept.
  kUnreadable,  // Its memory can't be read, or the thread's rights can't be taken.
  kNotFound,    // The files can't be looked for as the kernel does.
};
constexpr size_t kUnseen = 3;

struct NamedFiles {
  // In the order of the traits; none if the call is of no interest, or if they are unseen.
  std::vector<NamedFile> files;
  // Set also if it is only unknown where a link leads.
  std::optional<Unseen> unseen;
  uint64_t flags = 0;  // Of the call; 0 if it has none.
};

// The thread may change its memory, and others the files, before the kernel looks: nothing may be decided by them.
// `process` is the thread's process.
NamedFiles FindNamedFiles(const PathTraits& traits, const seccomp_data& call, pid_t process, pid_t thread);
// Sets the lineages of the files. Finding them takes as long as finding the files.
void FindLineages(std::vector<NamedFile>* files);

}  // namespace seccomp
