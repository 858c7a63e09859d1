// stat(2) by syscall(2), since libraries before glibc 2.33 have other functions in its place.
#ifndef SECCOMP_NATIVE_SYSTEM_FILE_STATUS_H_
#define SECCOMP_NATIVE_SYSTEM_FILE_STATUS_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

}  // namespace seccomp

#endif  // SECCOMP_NATIVE_SYSTEM_FILE_STATUS_H_
