/** The addon's functions, and the values that they take and return. */
import type {
  ListenerHandle,
  LocalSocket,
  MailboxHandle,
  NativeKind,
  NativeListener,
  OnMail,
  SocketTraits,
  Supervision,
  SupervisionOptions,
} from './notify-interface.js';

/** The filters to attach. */
export interface NativeFilters {
  readonly noNewPrivileges: boolean;
  /** At most 8, in the order in which they are attached. Empty only with `unconfined`. */
  readonly filters: readonly NativeFilter[];
  /** Whether the program runs without a filter. Required with empty `filters`, so that losing a filter is an error. */
  readonly unconfined: boolean;
  /** SECCOMP_FILTER_FLAG_* */
  readonly filterFlags: number;
}

export interface NativeFilter {
  /** `struct sock_filter[]` */
  readonly bytes: Uint8Array;
  /** Flat pairs: the index of an instruction, and the half of the gate value (0 to 5) that is written into it. */
  readonly gate: readonly number[];
}

/** Bits of linux/landlock.h: the file access rights that a ruleset handles, those it grants beneath `/`, its scopes. */
export type NativeDomain = readonly [handled: number, granted: number, scoped: number];

/** A program to start. */
export interface NativeRequest extends NativeFilters {
  /** Paths that execve(2) tries in turn. */
  readonly candidates: readonly string[];
  /** argv, with argv[0]. */
  readonly args: readonly string[];
  /** `NAME=value`, each with a NUL at its end. A single string is read faster than many. */
  readonly env: string;
  readonly cwd?: string | undefined;
  /** Whether the program is the leader of a new session. */
  readonly detached: boolean;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** For each of the child's descriptors a descriptor of this process, or NONE, NULL, SOCKET or CHANNEL. */
  readonly stdio: readonly number[];
  /** Flat triples: RLIMIT_*, its soft and its hard value; 2⁶⁴ − 1 is RLIM_INFINITY. */
  readonly limits?: readonly (number | bigint)[] | undefined;
  /** A descriptor of the directory of the cgroup in which the program is born. */
  readonly cgroup?: number | undefined;
  /** If set, the program by default dumps no core; true: if that can't be prevented, it does not run. */
  readonly isolation?: boolean | undefined;
  /** The Landlock domain that the program enters; or, in its place, the ruleset of the domain. */
  readonly domain?: NativeDomain | undefined;
  readonly ruleset?: RulesetHandle | undefined;
  /** Whether the program does not run if it can't enter that domain. */
  readonly domainRequired?: boolean | undefined;
  /** Whether a guardian ends the program's tree. Requires `domainRequired` or `inProcessGroup`. */
  readonly guarded?: boolean | undefined;
  /**
   * The filter that keeps the tree from slowing its guardian, whose process ID becomes the constant of the instructions
   * `sites`. Requires `guarded`.
   */
  readonly guardianFilter?: { readonly bytes: Uint8Array; readonly sites: readonly number[] } | undefined;
  /**
   * Limits for which the guardian weighs the tree: bytes of memory, a number of processes and threads, and milliseconds of CPU
   * time within CPU_WINDOW; 0: no limit. And whether the tree outlives its first process, until SIGKILL is sent. Requires `guarded`.
   */
  readonly sampled?: readonly [memory: bigint, processes: bigint, cpu: bigint, outlives: bigint] | undefined;
  /** Whether that tree is a process group, which the filters must not let it leave, instead of a Landlock domain. */
  readonly inProcessGroup?: boolean | undefined;
  /** A bit for each capability that stays. Without it, all stay. */
  readonly keptCapabilities?: bigint | undefined;
  /** How the calls of the filter's listener are answered, with SECCOMP_FILTER_FLAG_NEW_LISTENER. */
  readonly supervision?: Supervision | undefined;
  /** Where the listener's calls are reported. Required with `supervision`. */
  readonly mailbox?: MailboxHandle | undefined;
  /** The socket of an agent that is sent the listener, and the message: one to three strings, the PID between them. */
  readonly agent?: { readonly path: string; readonly state: readonly string[] } | undefined;
}

/**
 * Flags of a rule: a path that does not exist is skipped; all symbolic links are followed, and what is no executable file
 * is skipped; what is no regular file, or is behind a symbolic link that is not followed, is skipped.
 */
export const RULE_OPTIONAL = 1;
export const RULE_PROGRAM = 2;
export const RULE_FILE = 4;

/** A Landlock ruleset of paths. */
export interface NativeRuleset {
  /** LANDLOCK_ACCESS_FS_* that the ruleset denies where no rule grants them. */
  readonly handled: number;
  /** LANDLOCK_SCOPE_* */
  readonly scoped: number;
  /** Absolute, without `.` and `..`. */
  readonly paths: readonly string[];
  /** For each path two words: LANDLOCK_ACCESS_FS_*, and flags. Rights that a file can't have are left out. */
  readonly grants: Uint32Array;
  /**
   * The child's user. A symbolic link is followed only in a directory that this user can't write; for root, which can
   * write all of them whose owner is mapped, in a directory of root's that is `/`, or one of `folders`, or beneath one that
   * ends in `/`.
   */
  readonly user: number;
  readonly folders: readonly string[];
  /** Flat pairs of a user ID and a number of IDs: those that are mapped in the user namespace of this process. */
  readonly mappedUsers: Uint32Array;
}

/** Why a ruleset was not made. */
export interface NativeRulesetFailure extends NativeFailure {
  /** The index of the path. */
  readonly rule: number;
  /** With ELOOP: the symbolic link that was not followed. Absent if there were too many. */
  readonly link?: string;
}

declare const held: unique symbol;

/** The result of `addon().credentials`. */
export type ThreadCredentials = readonly [
  real: number,
  effective: number,
  saved: number,
  secureBits: number,
  permittedLow: number,
  permittedHigh: number,
  effectiveLow: number,
  effectiveHigh: number,
];

/** A ruleset: the result of `addon().openPathRuleset`. */
export type RulesetHandle = { readonly [held]: 'ruleset' };

/** A private directory. As long as it was not removed, the handle holds a descriptor of its parent directory. */
export type PrivateDirectoryHandle = { readonly [held]: 'private directory' };

/** The directory of one child for its temporary files. */
export interface NativePrivateDirectory {
  readonly path: string;
  readonly handle: PrivateDirectoryHandle;
}

/** No descriptor. */
export const NONE = -1;
/** `/dev/null` */
export const NULL = -2;
/** One end of a new socket pair; this process keeps the other. */
export const SOCKET = -3;
/** As SOCKET, for at most one descriptor: this process has two descriptors of its end, to read and to write. */
export const CHANNEL = -4;

/** A step that failed: its errno (positive) and the name of the system call. No child is left. */
export interface NativeFailure {
  readonly error: number;
  readonly call: string;
}

/** The failure to attach a filter to this process. */
export interface NativeInstallFailure extends NativeFailure {
  /** The number of filters that were attached before the failure. They stay attached. */
  readonly attached?: number;
  /** With SECCOMP_FILTER_FLAG_TSYNC: the thread that has other filters than the calling one. */
  readonly thread?: number;
}

/** A running child. It is kept alive until the child is reaped. */
export interface ExitWatch {
  /** Sends a signal. Returns 0 or an errno. */
  kill(signal: number): number;
  ref(): void;
  unref(): void;
  /** Kills and reaps the child before it returns. `onExit` is not called. */
  end(): void;
}

/** Watches a child that the addon has started. */
export interface ChildWatch extends ExitWatch {
  /** Sends a signal to the process group of the child's tree. Returns 0 or an errno. */
  killGroup(signal: number): number;
}

export interface NativeChild {
  readonly pid: number;
  readonly watch: ChildWatch;
  /** This process's end of each descriptor that was a SOCKET or the CHANNEL; −1 for all others. Last, to write to the CHANNEL. */
  readonly sockets: readonly number[];
  /** The errno for which the child is not in the domain that was requested; otherwise 0. */
  readonly domainError: number;
  readonly listener?: NativeListener;
  /** Of a request with `guarded`. */
  readonly tree?: TreeHandle;
  /** Whether that tree is a process group. */
  readonly isGroup?: boolean;
}

/** The tree of a child, which its guardian kills when the child has ended. It keeps the event loop alive until the tree has ended. */
export interface TreeHandle {
  /** Has the guardian send a signal to all processes of the tree. Returns 0 or an errno. */
  signal(number: number): number;
  /** Continues the guardian if it was stopped: to be called when the child has ended. */
  childEnded(): void;
  ref(): void;
  unref(): void;
}

export interface NativeLimits {
  readonly input?: Uint8Array | undefined;
  /** Milliseconds; 0: none. */
  readonly timeout: number;
  /** Bytes over all streams; 0 or Infinity: no limit. */
  readonly maxBuffer: number;
  readonly killSignal: number;
  /** Milliseconds from `killSignal` to SIGKILL; Infinity: never. */
  readonly forceKillAfter: number;
}

/** Resources that a child and the descendants that it waited for have used. Null if they are unknown. */
export interface NativeUsage {
  /** Milliseconds. */
  readonly cpuTime: number | null;
  /** Bytes of the largest of them. At least those of this process when it started the child. */
  readonly maxRss: number | null;
}

/** A child that has ended. */
export interface NativeResult extends NativeUsage {
  readonly pid: number;
  readonly code: number | null; // Either `code` or `signal` is null; both are if the status is unknown.
  readonly signal: number | null;
  /** The output of each descriptor that was a SOCKET; null for stdin and for all others. */
  readonly output: readonly (Buffer | null)[];
  /** The errno for which the child was sent a signal or a stream was closed (ETIMEDOUT, ENOBUFS, …); otherwise 0. */
  readonly stopped: number;
  /** As in NativeChild. */
  readonly domainError: number;
  readonly listener?: NativeListener;
  /** The guardian's status, as `onTreeEnd` gets it, but −1 in place of null. */
  readonly treeStatus?: number;
}

/**
 * The addon, and the version of the package for which it was built. Throws a TypeError for arguments of a wrong type.
 */
export interface Addon {
  readonly version: string;
  /**
   * Starts a program. `onExit` is called once. Its parameters are as in NativeResult. `onTreeEnd` is
   * called once for a request with `guarded`, with the guardian's exit code; null if it was killed. A failure to start
   * the guardian has a `call` that begins with `guardian: `.
   */
  spawn(
    request: NativeRequest,
    onExit: (
      code: number | null,
      signal: number | null,
      ...usage: readonly [cpuTime: number | null, maxRss: number | null]
    ) => void,
    onTreeEnd: (status: number | null) => void,
  ): NativeChild | NativeFailure;
  /**
   * Counts the signals of this number that the kernel sends from now on, as a terminal's for Ctrl-C. This process must listen
   * to the signal; when it stops, nothing is left to undo. Returns 0 or an errno.
   */
  watchSender(signal: number): number;
  /** Whether the kernel sent a signal of this number that is not taken yet, and takes it. */
  takeFromKernel(signal: number): boolean;
  /** Opens the program of guardians, which requests with `guarded` need. Returns 0 or an errno. */
  openGuardian(path: string): number;
  /** Starts a program and waits for its end. */
  spawnSync(request: NativeRequest, limits: NativeLimits): NativeResult | NativeFailure;
  /** Replaces this process. Returns only if that fails; this process is then as it was before. */
  execve(request: NativeRequest): NativeFailure;
  /** Attaches filters to the calling thread; with SECCOMP_FILTER_FLAG_TSYNC, to all threads of this process. */
  install(filters: NativeFilters): NativeInstallFailure | undefined;
  /**
   * Makes calls in processes under the filters; if `traced`, with a tracer. Returns two numbers for each call, which
   * lib/testing/kernel.ts describes. Allowed calls are carried out, so the first filter must deny all calls.
   */
  probe(filters: NativeFilters, calls: BigUint64Array, traced: boolean): Int32Array | NativeFailure;
  /** Closes one of `sockets` of the child that was started last, because no stream could be made of it. */
  closeSocket(descriptor: number): void;
  /** Shuts down a socket for reading; data that has arrived can still be read. Returns 0 or an errno. */
  endReading(descriptor: number): number;
  /** Whether a descriptor is a listening socket. */
  isListening(descriptor: number): boolean;
  /** Returns a descriptor for the launcher, which hands over another one through it; or −errno. */
  openHandover(): number;
  /** Waits for the launcher. Returns its descriptor, and its environment as strings between NULs; or −errno. */
  receive(): { readonly descriptor: number; readonly text: string } | number;
  /** Closes all received descriptors. */
  giveBack(): void;
  /** Returns 0 if the kernel has this SECCOMP_RET_* action, otherwise an errno. */
  actionAvailable(action: number): number;
  /** Whether the kernel knows these SECCOMP_FILTER_FLAG_*. */
  filterFlagsKnown(flags: number): boolean;
  /** Returns 0 if a thread can enter such a domain, otherwise an errno. */
  tryDomain(domain: NativeDomain): number;
  /** Returns the file access rights of the mask that Landlock can handle, and its version; or −errno. */
  landlockSupport(mask: number): readonly [rights: number, version: number] | number;
  /** Makes a ruleset. Any number of programs can be started in its domain. */
  openPathRuleset(ruleset: NativeRuleset): RulesetHandle | NativeRulesetFailure;
  /** Whether the paths of a ruleset still lead to the files for which it has rules. */
  isCurrent(ruleset: RulesetHandle): boolean;
  /**
   * Returns the calling thread's user IDs (real, effective and saved), its SECBIT_*, and the lower and upper halves of its
   * permitted and of its effective capabilities; or −errno.
   */
  credentials(): ThreadCredentials | number;
  /** Moves all threads of this process into the domain of a ruleset: Linux 7.0. Returns 0 or an errno. */
  restrictThisProcess(ruleset: RulesetHandle, noNewPrivileges: boolean): number;
  /**
   * Makes a directory with mode 0700 and a name that nobody can guess, for this user and group; default: those of this
   * process. It stays if it is not removed: a handle that is collected, and the end of a worker, close descriptors only.
   *
   * @param parent - An existing directory. Symbolic links in the path are followed.
   */
  makePrivateDirectory(parent: string, uid?: number, gid?: number): NativePrivateDirectory | NativeFailure;
  /**
   * Removes a private directory and everything beneath it, with the rights of its user alone. Processes may change it
   * meanwhile: nothing outside is removed. Returns 0, or the errno of the first file that could not be removed:
   * ENOTEMPTY if processes add files faster than they are removed, EBUSY or EXDEV for a mount, ESTALE if another
   * directory has the name now. May be called again: removing a directory that does not exist succeeds.
   *
   * Without `done`, waits for at most 50 ms: after ETIMEDOUT, the removal goes on. With `done`, keeps the event loop
   * alive until the directory is removed, and then calls `done` with the result; returns the result at once if a removal
   * has ended before. A worker that is terminated does not call `done`; it waits for the removal, as the process does
   * when it exits, for at most 10 s.
   */
  removePrivateDirectory(handle: PrivateDirectoryHandle): number;
  removePrivateDirectory(handle: PrivateDirectoryHandle, done: (errno: number) => void): number | undefined;
  /** Makes the table by which the calls of a filter's listeners are answered and counted. */
  supervision(options: SupervisionOptions): Supervision;
  /** Opens a mailbox, whose mail `onMail` receives; or returns −errno. It does not keep the event loop alive. */
  openMailbox(onMail: OnMail): MailboxHandle | number;
  /** Closes a mailbox. Waiting calls of its listeners are denied. May be called twice. */
  closeMailbox(mailbox: MailboxHandle): void;
  /** Returns the first call of the kind with this index. */
  kind(listener: ListenerHandle, index: number): NativeKind | undefined;
  /**
   * Returns how many calls were of kinds beyond 2,048; name files of kinds beyond the limits, that can't be read, that can't be
   * found; and were of each kind.
   */
  counts(listener: ListenerHandle): readonly number[];
  /** Answers a call: −1 continues it, 0 makes it return `value`, an errno makes it fail. Returns 0 or an errno. */
  answer(listener: ListenerHandle, call: bigint, errno: number, value: bigint): number;
  /** Duplicates a descriptor into the caller, whose call returns its number there. Returns that number, or −errno. */
  addDescriptor(listener: ListenerHandle, call: bigint, descriptor: number, closeOnExec: boolean): number;
  /** Reads up to `size` bytes of a waiting caller's memory, fewer at the end of a mapping; or returns an errno. */
  readMemory(listener: ListenerHandle, call: bigint, tid: number, address: bigint, size: number): Buffer | number;
  /** Writes memory of a waiting caller. Returns 0 or an errno. */
  writeMemory(listener: ListenerHandle, call: bigint, tid: number, address: bigint, bytes: Uint8Array): number;
  /** Returns 0 if a process listens at the path, otherwise an errno; EAGAIN: its queue is full. Sends nothing. */
  reach(path: string): number;
  /** Listens at a path where nothing exists, for the user of this process alone; or returns −errno. */
  bindSocket(path: string): LocalSocket | number;
  /** Returns the domain, type and protocol of a waiting caller's socket, or −errno. */
  socketOf(listener: ListenerHandle, call: bigint, tid: number, descriptor: number): SocketTraits | number;
  /** Connects a waiting caller's socket. Returns the number under which the mailbox reports the result, or −errno. */
  connect(
    listener: ListenerHandle,
    call: bigint,
    tid: number,
    descriptor: number,
    address: Uint8Array,
    seen: SocketTraits | undefined,
  ): number;
}
