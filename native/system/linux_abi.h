// Kernel constants that are newer than the headers which this may be built with. Values: include/uapi/ of Linux 6.12.
#pragma once

#include <linux/ioctl.h>

#include <cstddef>
#include <cstdint>

namespace seccomp {

static_assert(sizeof(long) == 8, "the exec gate needs 64-bit registers");

constexpr long kPidfdSendSignal = 424;            // pidfd_send_signal(2), Linux 5.1
constexpr long kPidfdOpen = 434;                  // pidfd_open(2), Linux 5.3
constexpr unsigned kPidfdThread = 0200;           // PIDFD_THREAD of pidfd_open(2), Linux 6.9; O_EXCL
constexpr long kClone3 = 435;                     // clone3(2), Linux 5.3
constexpr long kCloseRange = 436;                 // close_range(2), Linux 5.9
constexpr long kOpenat2 = 437;                    // openat2(2), Linux 5.6
constexpr long kPidfdGetfd = 438;                 // pidfd_getfd(2), Linux 5.6
constexpr long kFchmodat2 = 452;                  // fchmodat2(2), Linux 6.6
constexpr unsigned kStatxMountId = 0x1000;        // STATX_MNT_ID of statx(2), Linux 5.8
constexpr unsigned kStatxUniqueMountId = 0x4000;  // STATX_MNT_ID_UNIQUE of statx(2), Linux 6.8
constexpr size_t kStatxMountIdOffset = 144;       // offsetof(struct statx, stx_mnt_id)
constexpr unsigned kCloseRangeUnshare = 2;        // CLOSE_RANGE_UNSHARE, Linux 5.9
constexpr unsigned kCloseRangeCloexec = 4;        // CLOSE_RANGE_CLOEXEC, Linux 5.11
constexpr unsigned long kClonePidfd = 0x1000;     // CLONE_PIDFD, Linux 5.2
constexpr int kWaitPidfd = 3;                     // P_PIDFD, Linux 5.4
constexpr int kPassRights = 83;                   // SO_PASSRIGHTS, Linux 6.16

// The highest signal, and the size of the kernel's sigset_t in bytes (include/uapi/asm-generic/signal.h; MIPS has its
// own).
#ifdef __mips__
constexpr int kLastSignal = 128;
#else
constexpr int kLastSignal = 64;
#endif
constexpr size_t kSigsetSize = kLastSignal / 8;

// At least as large as the kernel's struct sigaction of every architecture. All zeros mean SIG_DFL, no flags and an
// empty mask.
struct KernelSigaction {
  unsigned long words[8];
};

// landlock_create_ruleset(2) and its siblings, Linux 5.13.
constexpr long kLandlockCreateRuleset = 444;
constexpr long kLandlockAddRule = 445;
constexpr long kLandlockRestrictSelf = 446;
constexpr int kLandlockRulePathBeneath = 1;            // LANDLOCK_RULE_PATH_BENEATH
constexpr unsigned kLandlockCreateRulesetVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
constexpr uint32_t kLandlockLogNewExecOn = 2;          // LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON, Linux 6.15
constexpr uint32_t kLandlockAllThreads = 8;            // LANDLOCK_RESTRICT_SELF_TSYNC, Linux 7.0
// struct landlock_ruleset_attr: Linux 6.7 added the second member, 6.12 the third.
struct LandlockRuleset {
  uint64_t handled_files, handled_network, scoped;
};
struct LandlockPathBeneath {
  uint64_t allowed_access;
  int32_t parent_fd;
} __attribute__((packed));

// struct open_how of openat2(2).
struct OpenHow {
  uint64_t flags, mode, resolve;
};
constexpr uint64_t kResolveNoMagicLinks = 2;  // RESOLVE_NO_MAGICLINKS: refuses links such as /proc/self/root.
constexpr uint64_t kResolveNoSymlinks = 4;    // RESOLVE_NO_SYMLINKS

constexpr unsigned kGetActionAvail = 2;  // SECCOMP_GET_ACTION_AVAIL, Linux 4.14

// struct seccomp_notif_addfd and its ioctl, Linux 5.9.
struct NotifAddfd {
  uint64_t id;
  uint32_t flags, srcfd, newfd, newfd_flags;
};
// The numbers of ioctls differ between architectures: powerpc and mips encode the direction in other bits.
constexpr unsigned long kNotifIdValid = _IOW('!', 2, uint64_t);   // SECCOMP_IOCTL_NOTIF_ID_VALID, since Linux 5.18
constexpr unsigned long kNotifAddfd = _IOW('!', 3, NotifAddfd);   // SECCOMP_IOCTL_NOTIF_ADDFD
constexpr unsigned long kNotifSetFlags = _IOW('!', 4, uint64_t);  // SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6
constexpr uint64_t kSyncWakeUp = 1;                               // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
static_assert(sizeof(NotifAddfd) == 24);

// struct procmap_query and its ioctl on /proc/PID/maps, Linux 6.11: looks up one mapping by address.
struct ProcmapQuery {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
constexpr unsigned long kProcmapQuery = _IOWR('f', 17, ProcmapQuery);  // PROCMAP_QUERY

}  // namespace seccomp
