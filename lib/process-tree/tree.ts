/** The tree of a child: the child and all that it starts, which a guardian ends. */
import { constants } from 'node:os';
import type { TreeHandle } from '../native.js';

/** What becomes of a child's descendants when the child ends. */
export type Descendants = 'kill' | 'leave';

/** GuardianStatus of native/guardian/protocol.h. */
const TREE_ENDED = 0;
const PROCESSES_REMAIN = 2;
const PROCESSES_UNKNOWN = 3;

/** A tree with a guardian. */
export class Tree {
  /** Resolves when no process of the tree is left. Rejects if that is not certain. Needs no handler. */
  readonly ended: Promise<void>;
  #handle: TreeHandle | undefined;
  #settle: (failure: Error | undefined) => void = () => {};

  constructor(handle: TreeHandle) {
    this.#handle = handle;
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    this.ended.catch(() => {});
  }

  /** Whether the guardian still runs. */
  get isGuarded(): boolean {
    return this.#handle !== undefined;
  }

  /** Sends a signal to all processes of the tree. Returns 0 or an errno. */
  signal(number: number): number {
    return this.#handle?.signal(number) ?? constants.errno.ESRCH;
  }

  /**
   * To be called once, when the guardian has ended.
   *
   * @param status - Its GuardianStatus; null if it was killed.
   * @param pid - The process ID of the tree's first process, for messages.
   * @returns Why it is not certain that the tree has ended; undefined if it has.
   */
  guardianEnded(status: number | null, pid: number | undefined): Error | undefined {
    this.#handle = undefined;
    const failure = status === TREE_ENDED ? undefined : treeFailure(status, pid);
    this.#settle(failure);
    return failure;
  }

  ref(): void {
    this.#handle?.ref();
  }

  unref(): void {
    this.#handle?.unref();
  }
}

/** The error for a tree that may have left processes. */
export function treeFailure(status: number | null, pid: number | undefined): Error {
  const reasons: ReadonlyMap<number | null, string> = new Map([
    [PROCESSES_REMAIN, 'the kernel has not ended all of them within 10 seconds, and will when they leave the kernel'],
    [PROCESSES_UNKNOWN, 'they were killed, but /proc of this process’s PID namespace can’t be read to confirm it'],
  ]);
  const reason = reasons.get(status) ?? 'their guardian was ended by another process, and only the child was killed';
  return new Error(
    `processes that ${pid === undefined ? 'the child' : `child ${pid}`} has started may remain: ${reason}`,
  );
}
