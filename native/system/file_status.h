// stat(2) by syscall(2), since libraries before glibc 2.33 have other functions in its place.
#pragma once

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "system/linux_abi.h"

namespace seccomp {

// Linux 4.11, statx(2): sets the device, the inode, the mode, the owner, the size and the
// times of modification of a file. Returns 0, or -1 with errno set.
inline int FileStatusAt(int directory, const char* path, int flags, struct stat* status) {
  struct statx found = {};
  if (syscall(SYS_statx, directory, path, flags, STATX_BASIC_STATS, &found) != 0) return -1;
  *status = {};
  status->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
  status->st_ino = found.stx_ino;
  status->st_mode = found.stx_mode;
  status->st_uid = found.stx_uid;
  status->st_gid = found.stx_gid;
  status->st_size = static_cast<off_t>(found.stx_size);
  status->st_mtim = {found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec};
  status->st_ctim = {found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec};
  return 0;
}

// The same for an open file, as fstat(2).
inline int FileStatus(int file, struct stat* status) { return FileStatusAt(file, "", AT_EMPTY_PATH, status); }

// What distinguishes a file from others, and its content and mode from earlier ones.
struct FileVersion {
  dev_t device = 0;
  ino_t inode = 0;
  uint64_t mount = 0;     // The mount by which it was found; 0 before Linux 5.8. Unique from Linux 6.8 on.
  timespec created = {};  // 0 if the file system does not record it.
  mode_t mode = 0;
  uint64_t size = 0;
  timespec modified = {};
  timespec changed = {};
};

// Sets the version of a file. Returns 0, or -1 with errno set.
inline int FileVersionAt(int directory, const char* path, int flags, FileVersion* version) {
  constexpr unsigned mask = STATX_BASIC_STATS | STATX_BTIME | kStatxMountId | kStatxUniqueMountId;
  struct statx found = {};
  if (syscall(SYS_statx, directory, path, flags, mask, &found) != 0) return -1;
  const auto time = [](const struct statx_timestamp& stamp) { return timespec{stamp.tv_sec, stamp.tv_nsec}; };
  *version = {};
  version->device = makedev(found.stx_dev_major, found.stx_dev_minor);
  version->inode = found.stx_ino;
  // Older kernels leave 0 there, and older headers have no member.
  memcpy(&version->mount, reinterpret_cast<const char*>(&found) + kStatxMountIdOffset, sizeof version->mount);
  if ((found.stx_mask & STATX_BTIME) != 0) version->created = time(found.stx_btime);
  version->mode = found.stx_mode;
  version->size = found.stx_size;
  version->modified = time(found.stx_mtime);
  version->changed = time(found.stx_ctime);
  return 0;
}

// The same for an open file.
inline int FileVersionOf(int file, FileVersion* version) { return FileVersionAt(file, "", AT_EMPTY_PATH, version); }

}  // namespace seccomp
