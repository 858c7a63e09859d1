#include "child/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seccomp {

bool DropBoundingSet(uint64_t kept) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, static_cast<long>(capability), 0L, 0L, 0L) >= 0; capability++) {
    if ((kept >> capability & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, static_cast<long>(capability), 0L, 0L, 0L) != 0) return false;
  }
  return true;
}

const char* DropCapabilities(uint64_t kept) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return "capget";
  for (int half = 0; half < _LINUX_CAPABILITY_U32S_3; half++) {
    const auto bits = static_cast<uint32_t>(kept >> (32 * half));
    sets[half].effective &= bits;
    sets[half].permitted &= bits;
    sets[half].inheritable &= bits;
  }
  return syscall(SYS_capset, &header, sets) == 0 ? nullptr : "capset";
}

// By syscall(2), since libc's wrappers would change every thread of the parent. Without privileges setgroups(2) fails;
// then setgid(2) or setuid(2) fails too, unless the ID does not change.
const char* ChangeIdentity(std::optional<uid_t> user, std::optional<gid_t> group) {
  if (user || group) syscall(SYS_setgroups, 0, nullptr);
  if (group && syscall(SYS_setgid, *group) != 0) return "setgid";
  if (user && syscall(SYS_setuid, *user) != 0) return "setuid";
  return nullptr;
}

bool DisableCoreDumps() {
  uint64_t limit[2] = {};
  if (syscall(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, limit) != 0) return false;
  limit[0] = 0;
  return syscall(SYS_prlimit64, 0, RLIMIT_CORE, limit, nullptr) == 0;
}

}  // namespace seccomp
