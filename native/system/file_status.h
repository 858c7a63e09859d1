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

// What distinguishes a file from others, and its content and mode from earlier ones. Of `status`, the device, the
// inode, the mode, the owner, the size and the times of modification are set.
struct FileVersion {
  struct stat status = {};
  uint64_t mount = 0;     // The mount by which it was found; 0 before Linux 5.8. Unique from Linux 6.8 on.
  timespec created = {};  // 0 if the file system does not record it.
};

constexpr unsigned kVersionMask = STATX_BASIC_STATS | STATX_BTIME | kStatxMountId | kStatxUniqueMountId;

// Linux 4.11, statx(2): sets the version of a file, or what `mask` says of it. Returns 0, or -1 with errno set.
inline int FileVersionAt(int directory, const char* path, int flags, FileVersion* version,
                         unsigned mask = kVersionMask) {
  struct statx found = {};
  if (syscall(SYS_statx, directory, path, flags, mask, &found) != 0) return -1;
  *version = {};
  struct stat* const status = &version->status;
  status->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
  status->st_ino = found.stx_ino;
  status->st_mode = found.stx_mode;
  status->st_uid = found.stx_uid;
  status->st_gid = found.stx_gid;
  status->st_size = static_cast<off_t>(found.stx_size);
  status->st_mtim = {found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec};
  status->st_ctim = {found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec};
  // Older kernels leave 0 there, and older headers have no member.
  memcpy(&version->mount, reinterpret_cast<const char*>(&found) + kStatxMountIdOffset, sizeof version->mount);
  if ((found.stx_mask & STATX_BTIME) != 0) version->created = {found.stx_btime.tv_sec, found.stx_btime.tv_nsec};
  return 0;
}

// The same for an open file.
inline int FileVersionOf(int file, FileVersion* version) { return FileVersionAt(file, "", AT_EMPTY_PATH, version); }

// As stat(2).
inline int FileStatusAt(int directory, const char* path, int flags, struct stat* status) {
  FileVersion version;
  if (FileVersionAt(directory, path, flags, &version, STATX_BASIC_STATS) != 0) return -1;
  *status = version.status;
  return 0;
}

// The same for an open file, as fstat(2).
inline int FileStatus(int file, struct stat* status) { return FileStatusAt(file, "", AT_EMPTY_PATH, status); }

}  // namespace seccomp
