/** What is enforced on a child, and what is not. */

/** A way in which a child could reach processes outside: its parent, and those that others started. */
export type Reach =
  /** Reading and writing memory: `/proc/PID/mem`, process_vm_readv(2). */
  | 'memory'
  /** `/proc/PID/environ`, `maps` and similar files. */
  | 'environment'
  /** `/proc/PID/fd`, pidfd_getfd(2). The listener that supervises the child is among these descriptors. */
  | 'descriptors'
  /** ptrace(2). */
  | 'ptrace'
  /** Signals: kill(2), tgkill(2), pidfd_send_signal(2) and similar calls, signal 0 included. */
  | 'signals'
  /** Unix sockets in the abstract namespace, unix(7). */
  | 'abstract-sockets'
  /** Resource limits of a running process, prlimit(2). */
  | 'limits'
  /** Typing into a shared terminal, and taking it: TIOCSTI, TIOCLINUX, TIOCSPGRP. Open to a child that is given one. */
  | 'terminal'
  /** `/dev/tty` and `/dev/pts`: reading what is typed, writing, and changing modes such as the echo. */
  | 'terminal-files'
  /** The keyrings of the parent's session: keyctl(2), add_key(2), request_key(2). */
  | 'keyrings'
  /** The program that the kernel passes a core dump to, core(5). */
  | 'core-dumps'
  /** `cgroup.kill`, `cgroup.freeze` and `cgroup.procs`, where the child's user owns them. */
  | 'cgroup-files'
  /** `/proc/PID/oom_score_adj` */
  | 'oom-score'
  /** `/proc/PID/autogroup` */
  | 'autogroup'
  /** `/proc/PID/coredump_filter`, `clear_refs`, `sched` and `timerslack_ns`. */
  | 'proc-files'
  /** Priority, scheduling class and CPU affinity: setpriority(2), sched_setaffinity(2), ioprio_set(2). */
  | 'scheduling'
  /** Files that user 0 may write without a capability: `/proc/sys/kernel/core_pattern`, `/etc`. */
  | 'files-of-root';

/** A way that is open to a child, and what would close it. */
export interface OpenReach {
  /** The way. */
  readonly reach: Reach;
  /** What would close it: another user, a newer kernel or a profile. */
  readonly remedy: string;
}

/** How a child is isolated. */
export interface IsolationEnforcement {
  /** By Landlock's scopes (Linux 6.12), or by a Landlock domain without scopes (Linux 5.19). Absent if by neither. */
  readonly by?: 'scopes' | 'domain';
  /** Why the child is not isolated by scopes. Absent if it is. */
  readonly reason?: string;
  /** The ways that are closed. */
  readonly closed: readonly Reach[];
  /** The ways that stay open, each with what would close it. */
  readonly open: readonly OpenReach[];
}

/** What the option `paths` restricts, or can't. */
export type PathReach =
  /** Opening files and directories, making, removing, renaming and linking them, executing programs. */
  | 'files'
  /** truncate(2), and open(2) with O_TRUNC for reading. */
  | 'truncation'
  /** Connecting and sending to Unix sockets by their pathname, unix(7). */
  | 'pathname-sockets'
  /** ioctl(2) on devices that the child may open. */
  | 'device-ioctls'
  /**
   * Reading and changing what is known about a file rather than its content: stat(2), readlink(2), access(2), chdir(2),
   * chmod(2), chown(2), utimensat(2), setxattr(2), inotify(7).
   */
  | 'metadata';

/** What is denied to a child with `paths` although no path concerns it. */
export type DeniedBeside =
  /** mount(2), umount(2), pivot_root(2) and what else makes or changes mounts. */
  | 'mounts'
  /** Renaming and linking between directories, below Landlock ABI 2. */
  | 'moves'
  /** truncate(2), and open(2) with O_TRUNC but without write access, below Landlock ABI 3. */
  | 'truncate'
  /** All Unix sockets except for pairs of stream sockets and of SOCK_SEQPACKET, below Landlock ABI 9. */
  | 'unix-sockets'
  /** io_uring(7), below Landlock ABI 9. */
  | 'io_uring'
  /** openat2(2), and open(2) with access mode 3, below Landlock ABI 5. */
  | 'openat2';

/** How a child's paths are restricted. */
export interface PathsEnforcement {
  /** Absent if they are not restricted. */
  readonly by?: 'landlock';
  /** Why they are not restricted. Absent if they are. */
  readonly reason?: string;
  /** What is restricted to the paths that were granted. */
  readonly closed: readonly PathReach[];
  /** What is not restricted, each with what would restrict it. */
  readonly open: readonly { readonly reach: PathReach; readonly remedy: string }[];
  /** What is denied as well. */
  readonly alsoDenied: readonly DeniedBeside[];
}

/** How the child's descendants are ended, or why they are not. */
export interface TreeEnforcement {
  /**
   * A guardian: a process that kills the child and all its descendants when the child ends, when it is to be ended, and
   * when this process ends. `guardian`: in a Landlock domain (Linux 6.12), which no descendant can leave, and in which
   * none reaches the guardian. `process-group`: in a process group, which none can leave since the filter denies setsid and
   * setpgid. Absent if there is none: the descendants are left then.
   */
  readonly by?: 'guardian' | 'process-group';
  /**
   * Why there is no guardian, how descendants in a process group could outlive it, or why it is not confirmed that those that it
   * kills have ended. Absent otherwise.
   */
  readonly reason?: string;
}

/** Which of a child's `limits` are enforced, and why others are not. */
export interface LimitsEnforcement {
  /**
   * By a cgroup of version 2, which the child entered at birth and can't leave; or, with `exact: false`, by its guardian, which
   * weighs the tree at intervals and ends it. Absent if none is enforced.
   */
  readonly by?: 'cgroup' | 'guardian';
  /** With a guardian: how many milliseconds lie between two weighings. */
  readonly sampledEvery?: number;
  /** The path of the cgroup in its hierarchy. It is removed when no process is in it any more. */
  readonly cgroup?: string;
  /** Why some are not enforced, or can be evaded. Absent if all are enforced. */
  readonly reason?: string;
  /** Those that are enforced. */
  readonly enforced: readonly ('memory' | 'processes' | 'cpu')[];
  /**
   * With a guardian: what it can't count. `uncounted-memory`: files in a tmpfs and of memfd_create(2) that no process maps,
   * pipes, sockets, page tables, huge pages and swap. `unawaited-cpu`: CPU time of processes that have ended, and that their parent did not wait for.
   */
  readonly open?: readonly ('uncounted-memory' | 'unawaited-cpu')[];
}

/** How `network: 'none'` is enforced. */
export interface NetworkEnforcement {
  /** By the filter: it denies making sockets, and connecting and binding those that the child was given. */
  readonly by: 'filter';
}

/** What is enforced on a child. */
export interface Enforcement {
  /** How it is isolated, what that closes, and what stays open. */
  readonly isolation: IsolationEnforcement;
  /** How its paths are restricted. Absent without the option `paths`. */
  readonly paths?: PathsEnforcement;
  /** What keeps it from the network. Absent without the option `network`. */
  readonly network?: NetworkEnforcement;
  /** How its descendants are ended. Absent with `descendants: 'leave'`. */
  readonly tree?: TreeEnforcement;
  /** What limits it and its descendants together. Absent without the option `limits`. */
  readonly limits?: LimitsEnforcement;
}
