/** What is enforced on a child, and what is not. */

/** What a child could reach of processes outside: of its parent, and of what others have started. */
export type Reach =
  /** Reading and writing memory: `/proc/PID/mem`, process_vm_readv(2). */
  | 'memory'
  /** `/proc/PID/environ`, `maps` and what is like them. */
  | 'environment'
  /** `/proc/PID/fd`, pidfd_getfd(2): the listener that supervises the child is one of them. */
  | 'descriptors'
  | 'ptrace'
  /** kill(2) and its siblings, signal 0 too. */
  | 'signals'
  /** Unix sockets in the abstract namespace. */
  | 'abstract-sockets'
  /** Resource limits of a running process, prlimit(2). */
  | 'limits'
  /** Typing into a shared terminal: TIOCSTI, TIOCLINUX. */
  | 'terminal'
  /** What the kernel does with a core dump: core(5). */
  | 'core-dumps'
  /** `cgroup.kill`, `cgroup.freeze` and `cgroup.procs`, where they are the user's. */
  | 'cgroup-files'
  /** `/proc/PID/oom_score_adj` */
  | 'oom-score'
  /** `/proc/PID/autogroup` */
  | 'autogroup'
  /** `/proc/PID/coredump_filter`, `clear_refs`, `sched` and `timerslack_ns`. */
  | 'proc-files'
  /** Priority, scheduling class and CPU affinity: setpriority(2), sched_setaffinity(2), ioprio_set(2). */
  | 'scheduling'
  /** What uid 0 may write without a capability: `/proc/sys/kernel/core_pattern`, `/etc`. */
  | 'files-of-root';

/** What stays in a child's reach, and what would close it. */
export interface OpenReach {
  readonly reach: Reach;
  readonly remedy: string;
}

/** What keeps a child from what is outside of it. */
export interface IsolationEnforcement {
  /** Landlock's scopes (Linux 6.12), a Landlock domain without them (Linux 5.19), or no domain. */
  readonly by: 'scopes' | 'domain' | null;
  /** Why there is less than scopes; null: there is not. */
  readonly reason: string | null;
  readonly closed: readonly Reach[];
  readonly open: readonly OpenReach[];
}

/** What is enforced on a child. */
export interface Enforcement {
  readonly isolation: IsolationEnforcement;
}
