#include "supervisor/file_rights.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/notified_thread.h"
#include "system/credentials.h"
#include "system/dumpable.h"
#include "system/file_status.h"
#include "system/numbers.h"

namespace seccomp {
namespace {

constexpr uint64_t kOverriding = uint64_t{1} << CAP_DAC_OVERRIDE | uint64_t{1} << CAP_DAC_READ_SEARCH;

std::vector<uint32_t> Numbers(const std::string& line) {
  std::vector<uint32_t> numbers;
  std::string_view rest = line;
  while (const std::optional<uint32_t> number = TakeNumber<uint32_t>(&rest)) numbers.push_back(*number);
  return numbers;
}

// setfsuid(2) and setfsgid(2) return the ID before, and change nothing for -1.
bool HasIds(uid_t uid, gid_t gid) {
  return static_cast<gid_t>(syscall(SYS_setfsgid, -1)) == gid && static_cast<uid_t>(syscall(SYS_setfsuid, -1)) == uid;
}

// By syscall(2), since libc's wrappers change all threads.
bool SetIds(uid_t uid, gid_t gid, const std::vector<uint32_t>& groups) {
  if (syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return false;
  syscall(SYS_setfsgid, gid);
  syscall(SYS_setfsuid, uid);
  return HasIds(uid, gid);
}

// Whether the supplementary groups of the calling thread are these, in any order: the kernel sorts them.
bool HasGroups(std::vector<uint32_t> groups) {
  std::vector<uint32_t> own(groups.size() + 1);
  const auto count = syscall(SYS_getgroups, own.size(), own.data());
  if (count != static_cast<int64_t>(groups.size())) return false;
  own.pop_back();
  std::sort(own.begin(), own.end());
  std::sort(groups.begin(), groups.end());
  return own == groups;
}

}  // namespace

bool FileRights::AreHeld(const Rights& rights) {
  return HasIds(rights.uid, rights.gid) && HasGroups(rights.groups) && EffectiveCapabilities() == rights.capabilities;
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
std::optional<FileRights::Rights> FileRights::Of(pid_t thread, uint64_t capabilities) {
  const std::string status = StatusText(thread);
  const std::vector<uint32_t> uids = Numbers(StatusField(status, "Uid"));
  const std::vector<uint32_t> gids = Numbers(StatusField(status, "Gid"));
  // Each line has the real, effective, saved and filesystem ID.
  if (uids.size() != 4 || gids.size() != 4) return std::nullopt;
  const std::string field = StatusField(status, "CapEff");
  std::string_view rest = field;
  const uint64_t its = TakeNumber(&rest, 16).value_or(0);
  return Rights{uids[3], gids[3], Numbers(StatusField(status, "Groups")), capabilities & ~(kOverriding & ~its)};
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters)
bool FileRights::Take(pid_t process, pid_t thread) {
  if (!has_changed_) {
    const std::optional<uint64_t> capabilities = EffectiveCapabilities();
    capabilities_ = capabilities.value_or(0);
    // A process without more rights than other users looks for nothing that its children may not look for.
    if (capabilities && geteuid() != 0 && (capabilities_ & kOverriding) == 0) return true;
  }
  // The owner of its directory in /proc is its effective user.
  struct stat status = {};
  if (FileStatusAt(AT_FDCWD, ("/proc/" + std::to_string(thread)).c_str(), 0, &status) != 0) return false;
  const bool is_same = process_ == process && uid_ == status.st_uid && gid_ == status.st_gid;
  if (is_same && taken_ && AreHeld(*taken_)) return true;
  process_ = process;
  uid_ = status.st_uid;
  gid_ = status.st_gid;
  taken_ = Of(thread, capabilities_);
  if (!taken_) return false;
  has_changed_ = true;
  const DumpableKept dumpable;
  // The kernel takes capabilities from a thread that leaves filesystem ID 0, and CAP_SETGID is none of these.
  if (SetIds(taken_->uid, taken_->gid, taken_->groups) && SetEffectiveCapabilities(taken_->capabilities)) return true;
  taken_.reset();
  return false;
}

}  // namespace seccomp
