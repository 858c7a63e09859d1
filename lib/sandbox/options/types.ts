/**
 * Types of the options that several functions share. table.ts lists which function takes which option, and how each is
 * checked.
 */
import type { Stream } from 'node:stream';
import type { Isolate } from '../../landlock/domain.js';
import type { Paths } from '../../landlock/paths/option.js';
import type { Handlers } from '../../notify/handlers.js';
import type { OnViolation } from '../../notify/violations/violation.js';
import type { Limits } from '../../process-tree/limits.js';
import type { ResourceLimits } from '../../process-tree/rlimits.js';
import type { Descendants } from '../../process-tree/tree.js';
import type { Host } from '../../profile/resolve/resolve.js';
import type { AbiName } from '../../syscalls/abi.js';

/** What one of a child's descriptors is connected to, as in node:child_process. */
export type StdioEntry = 'pipe' | 'overlapped' | 'ipc' | 'ignore' | 'inherit' | Stream | number | null | undefined;

/** The option `stdio`: a keyword for all three standard descriptors, or a list with an entry for each descriptor. */
export type Stdio = 'pipe' | 'overlapped' | 'ignore' | 'inherit' | readonly StdioEntry[];

/** The host that a profile is resolved for. */
export interface HostOptions {
  /**
   * Capabilities that the `includes` and `excludes` of the profile's rules are resolved for. An error where it has no
   * effect: for a `Filter` and `unconfined`. Default none.
   */
  readonly capabilities?: readonly string[] | undefined;
  /**
   * ABIs that the filter covers in addition to the native one. An error where it has no effect: for a `Filter`, and for
   * `unconfined` without `notify`. Default: those that the profile names.
   */
  readonly abis?: readonly AbiName[] | undefined;
}

/** Options of the functions that resolve a profile without attaching a filter. */
export interface CompileOptions extends HostOptions {
  /**
   * The host that the profile is resolved for. An error together with `capabilities` or `abis`. Default: this machine,
   * with `capabilities` and `abis`.
   */
  readonly host?: Host | undefined;
}

/** Options for supervising the calls of a child. */
export interface SupervisorOptions {
  /**
   * Called with the first call of each kind that the profile denies with an errno. `true` only collects these calls,
   * for the `violations` of the child or of the result; `false` does not, also if a default of a Sandbox does. See
   * docs/violations.md. Default: denied calls are not collected.
   */
  readonly onViolation?: OnViolation | boolean | undefined;
  /**
   * Whether `onViolation` also gets the calls that fail because `paths` does not grant a file, with the grants that would
   * allow them. Each call that opens, makes, moves or removes a file then takes longer: see docs/violations.md. Needs both
   * `onViolation` and `paths`. Default false.
   */
  readonly reportPaths?: boolean | undefined;
  /**
   * Handlers by the name of a syscall. A handler decides each call of that name; see docs/violations.md. Default none.
   */
  readonly notify?: Handlers | undefined;
  /**
   * Milliseconds that a handler may take before its call is denied. More than 0, less than 2³¹. An error without
   * `notify`, but not as a default of a Sandbox. Default 10,000.
   */
  readonly notifyTimeout?: number | undefined;
}

/** Options of `execve`, which the functions that start a child have as well. */
export interface ProgramOptions extends HostOptions {
  /** The working directory. Default: that of this process. */
  readonly cwd?: string | URL | undefined;
  /**
   * The environment: variables by name, or the names of those of this process that are passed on, such as
   * `['PATH', 'LANG']`. The values are read at the start; for a default of a Sandbox, when it is made. Default:
   * `process.env`.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | readonly string[] | undefined;
  /** The program's `argv[0]`. Default: the command. */
  readonly argv0?: string | undefined;
  /**
   * The user ID of the program, for setuid(2). An ID other than this process's needs CAP_SETUID. Default: this
   * process's.
   */
  readonly uid?: number | undefined;
  /**
   * The group ID of the program, for setgid(2). An ID other than this process's needs CAP_SETGID. Default: this
   * process's.
   */
  readonly gid?: number | undefined;
  /**
   * Capabilities that the program keeps if this process has them, and that the profile is resolved for. All others are
   * removed from its five capability sets. Default: the sets stay as they are, and the profile is resolved for no
   * capability.
   */
  readonly capabilities?: readonly string[] | undefined;
  /**
   * Whether to set no_new_privs, so that a set-user-ID program gains nothing. With false, attaching a filter needs
   * CAP_SYS_ADMIN, which must be among `capabilities` if these are given. Default true.
   */
  readonly noNewPrivileges?: boolean | undefined;
  /**
   * Whether the kernel logs the calls that the filter denies: SECCOMP_FILTER_FLAG_LOG of seccomp(2). From Linux 6.15 on, also
   * the accesses to files that `paths` denies: see docs/reference/path-limits.md. Default false.
   */
  readonly logDenied?: boolean | undefined;
  /**
   * Resource limits of each process, such as `{ nofile: 64, data: '512M', cpu: { soft: 1, hard: 2 }, core: 'unlimited' }`,
   * with the units that `ResourceName` lists. `nproc` is an error for a program that runs as root, to which Linux does not apply it. Default:
   * the limits of this process.
   */
  readonly rlimits?: ResourceLimits | undefined;
  /**
   * Whether the program is kept from this process and from the processes that others started: from their memory,
   * environment, descriptors, signals, limits, keyrings and terminal. With `true`, the program does not start where this can't
   * be enforced in full. See docs/isolation.md. Default: as far as this kernel can, or not at all under `unconfined` without `network`.
   */
  readonly isolate?: Isolate | undefined;
  /**
   * The files that the program may reach: what is not named is denied, by Landlock. Relative paths are relative to `cwd`.
   * The program itself and its interpreter may always be read and executed. See docs/paths.md. Default: its files are not
   * restricted.
   */
  readonly paths?: Paths | undefined;
  /**
   * With `'none'`, the program makes no sockets but connected pairs, and does not connect or bind those that it was given.
   * The filter denies that, on any kernel. Under `unconfined`, it turns isolation on. See docs/reference/network.md. Default:
   * the network is not restricted.
   */
  readonly network?: 'none' | undefined;
  /**
   * Whether to start the program although its `paths` or `limits` can't be enforced here: `enforcement` then says so. Has no
   * effect on `isolate`. An error without `paths` and `limits`, but not as a default of a Sandbox. Default false: what can't
   * be enforced is an error.
   */
  readonly bestEffort?: boolean | undefined;
  /**
   * What becomes of the child's descendants. `'kill'`: a guardian kills them when the child ends, times out, is aborted or
   * disposed of, or writes too much, and when this process ends, however that happens; timeouts and aborts reach them as
   * well. Before Linux 6.12, an explicit `'kill'` denies the child `setsid` and `setpgid`. `'leave'`: they live on, and nothing
   * waits for them. See docs/process-tree.md. Default: `'kill'` for `run`, and for `spawnSync` with a `timeout`, as far as this
   * kernel can without denying calls; otherwise `'leave'`.
   */
  readonly descendants?: Descendants | undefined;
}

/** Options about the filter itself. */
export type AttachOptions = Pick<ProgramOptions, 'capabilities' | 'abis' | 'noNewPrivileges' | 'logDenied'>;

/** Options of `spawn`: those of node:child_process, and those of this package. */
export interface SpawnOptions extends ProgramOptions, SupervisorOptions {
  /**
   * What the child's descriptors are connected to, by number: a list; or `pipe`, `overlapped`, `ignore` or `inherit` for
   * all three standard ones. With `'ipc'` in the list of `spawn`, Node programs get a
   * channel for messages. Default `'pipe'`.
   */
  readonly stdio?: Stdio | undefined;
  /**
   * Limits of the program and all that it starts together, such as `{ memory: '512M', processes: 64, cpu: 1.5 }`. The kernel
   * enforces them in a new cgroup of version 2, which the program must not be able to leave: it needs `paths` that grant no
   * writing there, or another `uid`. See docs/limits.md. Default: not limited.
   */
  readonly limits?: Limits | undefined;
  /** Whether the child becomes the leader of a new session, setsid(2). Default false. */
  readonly detached?: boolean | undefined;
  /** Whether a shell runs the command: `true` for /bin/sh, or the path of a shell. Default false. */
  readonly shell?: boolean | string | undefined;
  /** Milliseconds until the child is sent `killSignal`, and later SIGKILL: see `forceKillAfter`. Default 0: never. */
  readonly timeout?: number | undefined;
  /**
   * Aborting it sends `killSignal`, and later SIGKILL: see `forceKillAfter`. If it is aborted already, `run` and `record` do
   * not start the program; the other functions start it and end it, as Node does. Default none.
   */
  readonly signal?: AbortSignal | undefined;
  /** The signal for a child that is to end. Default SIGTERM. */
  readonly killSignal?: NodeJS.Signals | number | undefined;
  /**
   * Milliseconds from `killSignal` to SIGKILL, for a child that still runs after its timeout, an abort, too much output
   * or `await using`. False: SIGKILL is never sent. Default 5,000.
   */
  readonly forceKillAfter?: number | false | undefined;
  /** An option for Windows. Has no effect on Linux, as in Node. Default false. */
  readonly windowsHide?: boolean | undefined;
  /** An option for Windows. Has no effect on Linux, as in Node. Default false. */
  readonly windowsVerbatimArguments?: boolean | undefined;
  /**
   * How messages of the channel `'ipc'` are serialized. Has no effect on children without one, as in Node. Default
   * `'json'`.
   */
  readonly serialization?: 'json' | 'advanced' | undefined;
  /**
   * Whether servers and sockets can be sent over the channel `'ipc'`, and received. The channel is Node's own then: by what it
   * sends over it, a child can end this process. See docs/reference/node-processes.md. Has no effect on children without a channel. Default
   * false.
   */
  readonly handles?: boolean | undefined;
}
