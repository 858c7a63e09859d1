// Finds the files that a notified call names, as the calling thread would find them.
#ifndef SECCOMP_NATIVE_SUPERVISOR_NAMED_FILES_H_
#define SECCOMP_NATIVE_SUPERVISOR_NAMED_FILES_H_

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

// Returns the files in the order of the traits; none if the call is of no interest. The thread may change its memory,
// and others the files, before the kernel looks: nothing may be decided by them. `process` is the thread's process.
std::vector<NamedFile> FindNamedFiles(const PathTraits& traits, const seccomp_data& call, pid_t process, pid_t thread);
// Sets the lineages of the files. Finding them takes as long as finding the files.
void FindLineages(std::vector<NamedFile>* files);

// The flags of the call; 0 if it has none, nullopt if it is of no interest: an openat2(2) that restricts how the path
// is resolved, or that fails.
std::optional<uint64_t> FlagsOf(const PathTraits& traits, const seccomp_data& call, pid_t thread);

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SUPERVISOR_NAMED_FILES_H_
