#include "supervisor/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "supervisor/notified_thread.h"
#include "system/credentials.h"
#include "system/numbers.h"

namespace seccomp {
namespace {

// By syscall(2), since libraries before glibc 2.33 have other functions in the place of stat(2).
bool Stat(const std::string& path, struct statx* result) {
  return syscall(SYS_statx, AT_FDCWD, path.c_str(), 0, STATX_INO, result) == 0;
}

bool IsSame(const std::string& path, const std::string& other) {
  struct statx one = {};
  struct statx two = {};
  return Stat(path, &one) && Stat(other, &two) && one.stx_dev_major == two.stx_dev_major &&
         one.stx_dev_minor == two.stx_dev_minor && one.stx_ino == two.stx_ino;
}

// Parses the numbers of a line that are separated by blanks.
std::vector<uint32_t> Numbers(const std::string& line) {
  std::vector<uint32_t> numbers;
  std::string_view rest = line;
  while (const std::optional<uint32_t> number = TakeNumber<uint32_t>(&rest)) numbers.push_back(*number);
  return numbers;
}

}  // namespace

std::optional<Identity> Identity::Of(pid_t thread) {
  const std::string proc = "/proc/" + std::to_string(thread) + "/";
  const std::string status = StatusText(thread);
  const std::vector<uint32_t> uids = Numbers(StatusField(status, "Uid"));
  const std::vector<uint32_t> gids = Numbers(StatusField(status, "Gid"));
  // Each line has the real, effective, saved and filesystem ID.
  if (uids.size() != 4 || gids.size() != 4 || uids[1] != uids[3] || gids[1] != gids[3]) return std::nullopt;
  if (!IsSame(proc + "ns/user", "/proc/self/ns/user")) return std::nullopt;
  Identity identity;
  identity.uid_ = uids[1];
  identity.gid_ = gids[1];
  identity.groups_ = Numbers(StatusField(status, "Groups"));
  const std::string capabilities = StatusField(status, "CapEff");
  std::string_view rest = capabilities;
  identity.capabilities_ = TakeNumber(&rest, 16).value_or(0);
  identity.root_ = Descriptor(open((proc + "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  identity.directory_ = Descriptor(open((proc + "cwd").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (identity.root_.get() < 0 || identity.directory_.get() < 0) return std::nullopt;
  identity.has_same_root_ = IsSame(proc + "ns/mnt", "/proc/self/ns/mnt") && IsSame(proc + "root", "/proc/self/root");
  return identity;
}

Identity::~Identity() {
  if (!is_assumed_) return;
  syscall(SYS_setresuid, -1, saved_uid_, -1);
  if (saved_capabilities_) SetEffectiveCapabilities(*saved_capabilities_);
  syscall(SYS_setresgid, -1, saved_gid_, -1);
  syscall(SYS_setgroups, saved_groups_.size(), saved_groups_.data());
}

bool Identity::Assume() {
  is_assumed_ = true;
  saved_uid_ = geteuid();
  saved_gid_ = getegid();
  saved_groups_ = Numbers(StatusField(StatusText(static_cast<pid_t>(syscall(SYS_gettid))), "Groups"));
  saved_capabilities_ = EffectiveCapabilities();
  // After unshare(2), the other threads of this process keep their root and directory.
  return unshare(CLONE_FS) == 0 && AssumeRoot() && AssumeIds();
}

bool Identity::AssumeRoot() const {
  const bool is_in_root = fchdir(root_.get()) == 0 && chroot(".") == 0;
  return (is_in_root || has_same_root_) && fchdir(directory_.get()) == 0;
}

// By syscall(2), since libc's wrappers change all threads. The real and saved IDs stay those of this process, so that
// processes of the other user may neither signal nor trace this thread.
bool Identity::AssumeIds() const {
  if (saved_groups_ != groups_ && syscall(SYS_setgroups, groups_.size(), groups_.data()) != 0) return false;
  if (getegid() != gid_ && syscall(SYS_setresgid, -1, gid_, -1) != 0) return false;
  if (geteuid() != uid_ && syscall(SYS_setresuid, -1, uid_, -1) != 0) return false;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    sets[i].effective = sets[i].permitted & static_cast<uint32_t>(capabilities_ >> (32 * i));
  }
  return syscall(SYS_capset, &header, sets) == 0;
}

}  // namespace seccomp
