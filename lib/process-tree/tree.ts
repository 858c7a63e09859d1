/** The tree of a child: the child and all that it starts, which a guardian ends. */
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { filterDenies } from '../kernel/obstacle.js';
import type { ChildWatch, NativeChild, TreeHandle } from '../native.js';
import { unreadableProc } from './cgroup.js';
import { leaveQueue } from './kill-queue.js';
import type { LimitReason } from './limit-reason.js';
import { guardianLimit, isUnweighed, treeStatus } from './sampled-limits.js';

/** What becomes of a child's descendants when the child ends. */
export type Descendants = 'kill' | 'leave';

/** GuardianStatus of native/guardian/protocol.h. */
const TREE_ENDED = 0;
const PROCESSES_REMAIN = 2;
const PROCESSES_UNKNOWN = 3;
const NOT_CONFINED = 5;

/** A tree with a guardian. */
export class Tree {
  /** Resolves when no process of the tree is left. Rejects if that is not certain. Needs no handler. */
  readonly ended: Promise<void>;
  #handle: TreeHandle | undefined;
  #status: number | null = 0;
  /** Set if the tree is a process group, which this process signals itself: the tree could have stopped the guardian. */
  readonly #group: Pick<ChildWatch, 'killGroup'> | undefined;
  #settle: (failure: Error | undefined) => void = () => {};

  constructor(handle: TreeHandle, { isGroup, watch }: Pick<NativeChild, 'isGroup' | 'watch'>) {
    this.#handle = handle;
    this.#group = isGroup ? watch : undefined;
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    this.ended.catch(() => {});
  }

  /** Whether the guardian still runs. */
  get isGuarded(): boolean {
    return this.#handle !== undefined;
  }

  /** The limit for which the guardian has ended the tree; null if for none, and as long as it runs. */
  get limit(): LimitReason | null {
    return guardianLimit(this.#status);
  }

  /** Whether the guardian has ended it for a reason of its own: a limit, or since it could not weigh the tree. */
  get isCutShort(): boolean {
    return this.limit !== null || isUnweighed(this.#status);
  }

  /** Sends a signal to all processes of the tree. Returns 0 or an errno. */
  signal(number: number): number {
    return this.#group?.killGroup(number) ?? this.#handle?.signal(number) ?? constants.errno.ESRCH;
  }

  /** To be called when the tree's first process has ended. */
  childEnded(): void {
    this.#handle?.childEnded();
  }

  /**
   * To be called once, when the guardian has ended.
   *
   * @param status - Its GuardianStatus and Verdict; null if it was killed.
   * @param pid - The process ID of the tree's first process, for messages.
   * @returns Why it is not certain that the tree has ended, or why the guardian has ended it without a reason of this
   * process; undefined for no failure.
   */
  guardianEnded(status: number | null, pid: number | undefined): Error | undefined {
    leaveQueue(this);
    this.#handle = undefined;
    this.#status = status;
    this.#settle(treeFailure(status, pid));
    return guardianFailure(status, pid);
  }

  ref(): void {
    this.#handle?.ref();
  }

  unref(): void {
    this.#handle?.unref();
  }
}

/** The error for a guardian that has failed; undefined if it has done what it is for. */
export function guardianFailure(code: number | null, pid: number | undefined): Error | undefined {
  if (isUnweighed(code)) return ended(pid, 'could not read in /proc what they use (options.limits)');
  return treeFailure(code, pid);
}

/** The error for a guardian that has ended its tree because it could not do something. */
const ended = (pid: number | undefined, lack: string) =>
  new Error(`${childName(pid)} and all that it has started were ended, since their guardian ${lack}`);

const childName = (pid: number | undefined) => (pid === undefined ? 'the child' : `child ${pid}`);

/** Why the end of processes that a guardian has killed can't be confirmed; undefined if it can. */
export function unconfirmedEnd(): string | undefined {
  try {
    closeSync(openSync('/proc/self/stat', 'r'));
    return undefined;
  } catch (error) {
    const { reason, remedy } = unreadableProc(error);
    return `that what it kills has ended is not confirmed: ${reason}; ${remedy}`;
  }
}

/** The error for a tree that may have left processes; undefined if it has not. */
function treeFailure(given: number | null, pid: number | undefined): Error | undefined {
  const status = treeStatus(given);
  // All were killed at once, and none can have survived that. `enforcement` has said that their end is not confirmed.
  if (status === TREE_ENDED || (status === PROCESSES_UNKNOWN && unconfirmedEnd() !== undefined)) return undefined;
  if (status === NOT_CONFINED)
    return ended(pid, `could not attach its own filter: ${filterDenies('seccomp(2)').reason}`);
  const reasons: ReadonlyMap<number | null, string> = new Map([
    [
      PROCESSES_REMAIN,
      'they were killed, and wait in the kernel since 10 seconds, for a device or a file system that does not answer; if one of them served it by FUSE, root must abort it in /sys/fs/fuse/connections',
    ],
    [PROCESSES_UNKNOWN, 'they were killed, but /proc of this process’s PID namespace can’t be read to confirm it'],
  ]);
  const reason = reasons.get(status) ?? 'their guardian was ended by another process, and only the child was killed';
  return new Error(`processes that ${childName(pid)} has started may remain: ${reason}`);
}
