/** The kinds of denials that a child can have, whatever its profile allows, and the form of their calls. */
import type { AbiName } from '../syscalls/abi.js';
import { errnoOn } from '../syscalls/errno.js';
import { multiplexersOf } from '../syscalls/multiplexers.js';
import type { Condition } from './policy.js';

/** Which of the calls are denied to a child. */
export interface Denials extends LandlockGaps {
  /**
   * Whether to deny what isolation denies: setting limits of other processes, putting input into a terminal, making
   * children of its parent, and the keyrings that it shares with its parent.
   */
  readonly isolated: boolean;
  /**
   * Whether to deny taking its parent's terminal: to an isolated child that is given none, and could else stop its
   * parent and read what is typed for it.
   */
  readonly withoutTerminal: boolean;
  /**
   * Whether to deny what supervision denies: taking descriptors of other processes, such as the supervisor's listener.
   */
  readonly supervised: boolean;
  /** Whether to deny what leads the connections that a handler of connect allows elsewhere: options of sockets. */
  readonly connections: boolean;
  /**
   * Whether to deny leaving the process group: to a child whose tree is one. Only these calls leave it; a group is also
   * what clone(2) and execve(2) keep, for children of a parent's parent and in other namespaces as well.
   */
  readonly grouped: boolean;
  /** Whether to deny what `network: 'none'` denies: making sockets, and connecting and binding those that there are. */
  readonly network: boolean;
  /**
   * Whether to deny what Landlock checks on no kernel so far: opening files by handles, and changing the attributes of
   * mounts.
   */
  readonly paths: boolean;
}

/** What the Landlock of a kernel does not check, so that the filter of a child with `paths` denies it. */
export interface LandlockGaps {
  /** Connecting Unix sockets to paths: it is checked with LANDLOCK_ACCESS_FS_RESOLVE_UNIX, since Linux 7.1. */
  readonly unixSockets: boolean;
  /** Truncating files that are not opened for writing: checked with LANDLOCK_ACCESS_FS_TRUNCATE, since Linux 6.2. */
  readonly truncation: boolean;
  /**
   * ioctl(2) on devices that are opened for nothing else, with access mode 3: checked with
   * LANDLOCK_ACCESS_FS_IOCTL_DEV, since Linux 6.10.
   */
  readonly deviceIoctls: boolean;
}

/** No denials. */
export const NO_DENIALS: Denials = Object.freeze({
  isolated: false,
  withoutTerminal: false,
  supervised: false,
  connections: false,
  grouped: false,
  network: false,
  unixSockets: false,
  truncation: false,
  deviceIoctls: false,
  paths: false,
});

/**
 * Returns the denials for a child without a supervisor.
 *
 * @param isolated - Whether it is isolated.
 * @param gaps - The gaps of Landlock, if the child is restricted to paths.
 * @param grouped - Whether its tree is a process group.
 */
export function denialsFor(isolated: boolean, gaps?: LandlockGaps, grouped = false): Denials {
  return { ...NO_DENIALS, ...gaps, isolated, grouped, paths: gaps !== undefined };
}

/**
 * What denies a call: isolation, supervision, the restriction to paths, `network: 'none'`, or what ends the child's
 * descendants.
 */
export type DeniedBy = 'isolation' | 'supervision' | 'paths' | 'network' | 'descendants';

/** A call that is denied, if its arguments meet all conditions. */
export interface DeniedCall {
  readonly syscall: string;
  /** The call is denied if one of these denials is wanted. */
  readonly to: readonly (keyof Denials)[];
  readonly by: DeniedBy;
  readonly errno: (abi: AbiName) => number;
  readonly conditions: (abi: AbiName) => readonly Condition[];
  readonly why: string;
}

/** A denied call, without the properties that it shares with others of its kind; see denied-calls.ts. */
export type OneDeniedCall = Pick<DeniedCall, 'syscall' | 'why'> & Partial<DeniedCall>;

/** The calls of io_uring. io_uring_enter too: a process that restricts itself may have rings already. */
export const deniedRings = (name: string): readonly OneDeniedCall[] =>
  ['io_uring_setup', 'io_uring_enter'].map((syscall) => ({
    syscall,
    errno: notThere,
    why: `${name} denies ${syscall}, since no filter sees the requests of io_uring: make syscalls instead`,
  }));

/** A call by socketcall(2). Its arguments are in memory, where a filter can't read them, so that it is denied with any. */
export const deniedBySocketcall = (name: string, call: string): OneDeniedCall => ({
  syscall: 'socketcall',
  conditions: (abi) => {
    const { calls } = multiplexersOf(abi).find((each) => each.name === 'socketcall') ?? {};
    return [equals(0, Number(calls?.get(call) ?? 0))];
  },
  why: `${name} denies ${call} by socketcall, whose arguments a filter can't read: make the syscall ${call} itself`,
});

/** The kernel reads 32 bits of the argument. */
export const equals = (index: number, value: number): Condition => ({
  index,
  width: 32,
  op: 'eq',
  value: BigInt(value),
});

export const masked = (index: number, mask: number, value: number): Condition => ({
  index,
  width: 32,
  op: 'masked-eq',
  mask: BigInt(mask),
  value: BigInt(value),
});

/** Programs take it to mean that the kernel lacks the call, and make another one. */
export const notThere = (abi: AbiName) => errnoOn(abi, 'ENOSYS');
