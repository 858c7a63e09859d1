/** Families of syscalls with the same effect: a program that is denied one of them makes another instead. */
import { once } from '../util/memo.js';

/**
 * One family a line, its older calls first. A call after the bar can be made instead of those before it, but is itself denied for
 * other reasons. A name stands for its variants of other widths too: setuid for setuid32, clock_settime for clock_settime64.
 */
const FAMILIES = `
fork vfork clone clone3
execve execveat
open creat openat openat2 | io_uring_setup
stat lstat newfstatat fstatat statx | oldstat oldlstat io_uring_setup
fstat | oldfstat newfstatat fstatat statx
access faccessat faccessat2
readdir getdents
readlink readlinkat
mkdir mkdirat | io_uring_setup
mknod mknodat
link linkat | io_uring_setup
symlink symlinkat | io_uring_setup
rename renameat renameat2 | io_uring_setup
unlink unlinkat | io_uring_setup
rmdir | unlinkat io_uring_setup
chmod fchmod fchmodat fchmodat2
chown lchown fchown fchownat
utime utimes futimesat utimensat
getxattr lgetxattr fgetxattr getxattrat | io_uring_setup
listxattr llistxattr flistxattr listxattrat
setxattr lsetxattr fsetxattr setxattrat | io_uring_setup
removexattr lremovexattr fremovexattr removexattrat
socket | io_uring_setup
bind | io_uring_setup
connect | io_uring_setup
listen | io_uring_setup
accept accept4 | io_uring_setup
send sendto sendmsg sendmmsg | io_uring_setup
recv recvfrom recvmsg recvmmsg | io_uring_setup
kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
mmap mmap2
mprotect pkey_mprotect
setuid setreuid setresuid
setgid setregid setresgid
setfsuid
setfsgid
setgroups
truncate
ftruncate | io_uring_setup
setrlimit prlimit
sched_setscheduler sched_setattr
mount move_mount
umount umount2
chroot fchroot
init_module finit_module
kexec_load kexec_file_load
quotactl quotactl_fd
ioperm iopl
stime settimeofday clock_settime
adjtimex clock_adjtime
`;

/** Syscalls with the same effect. No ABI has all of them, and a name may be a width's that no ABI has. */
export interface SyscallFamily {
  readonly calls: readonly string[];
  /** Others by which programs get this effect. */
  readonly detours: readonly string[];
}

export const syscallFamilies: () => readonly SyscallFamily[] = once(() =>
  FAMILIES.trim()
    .split('\n')
    .map((line) => {
      const [calls, detours] = line.split(' | ');
      return { calls: withWidths(calls), detours: withWidths(detours) };
    }),
);

const WIDTHS = ['', '32', '64', '_time64'];

function withWidths(names: string | undefined): readonly string[] {
  return names?.split(' ').flatMap((name) => WIDTHS.map((width) => name + width)) ?? [];
}
