/** How a running child and its tree are ended, and for which limit. */
import { constants } from 'node:os';
import type { ExitWatch, NativeChild, NativeUsage, TreeHandle } from '../../../native.js';
import { killInTurn } from '../../../process-tree/kill-queue.js';
import type { Leaf } from '../../../process-tree/leaf.js';
import { kernelLimit, type LimitReason } from '../../../process-tree/limit-reason.js';
import { type ProgramEnd, programEnd } from '../../../process-tree/program-end.js';
import { Tree } from '../../../process-tree/tree.js';
import { type Usage, usageOf } from '../../../process-tree/usage.js';
import { systemError } from '../../../util/system-error.js';
import { clearTimeout, setTimeout } from '../../../util/timers.js';
import type { Ending } from '../../options/ending.js';
import { type ChildPipe, endReading } from '../streams.js';

const { ESRCH, EINVAL, ENOSYS } = constants.errno;
const { SIGKILL, SIGSTOP, SIGTERM } = constants.signals;

/** The object of a child, whose `kill` a program may have replaced. */
interface Killable {
  killed: boolean;
  kill(signal: number): boolean;
}

/** Signals a child or its tree, and ends either. */
export class Termination {
  /** Undefined before the child was started, and after it has ended. */
  watch: ExitWatch | undefined;
  /** Undefined if the child's descendants are left. */
  tree: Tree | undefined;
  /** How the child has ended. */
  end = programEnd(null, null);
  /** What the child has used; undefined before that is reported. */
  usage: Usage | undefined;
  /** Whether the child's guardian weighs its tree. */
  isWeighed = false;
  /** Set if the child has limits in a cgroup. */
  leaf: Leaf | undefined;
  pipes: readonly ChildPipe[] = [];
  /** Reports that a signal could not be sent. */
  killFailed: (error: unknown) => void;
  readonly #child: Killable;
  readonly #ending: Ending;
  /** Whether the child has ended, and that is not reported yet. */
  #isEnding = false;
  /** Reports the end of the child, when the guardian has told whether it did that. */
  #reportEnd: (() => void) | undefined;
  /** The limit for which the kernel or the guardian has ended the child. */
  #limit: LimitReason | null = null;
  /** Set if this package has tried to end the child: the limit for which it did so, or null for another reason. */
  #stopped: LimitReason | null | undefined;
  readonly #started = performance.now();
  #timeout: NodeJS.Timeout | undefined;
  #forceKill: NodeJS.Timeout | undefined;

  constructor(child: Killable, ending: Ending, killFailed: (error: unknown) => void) {
    this.#child = child;
    this.#ending = ending;
    this.killFailed = killFailed;
  }

  /** Whether the child's end is reported, or it was not started. Other processes may still hold its pipes. */
  get hasEnded(): boolean {
    return this.watch === undefined && !this.#isEnding;
  }

  /** Whether the child runs, or its guardian has yet to tell whether it ended the child. */
  get dependsOnGuardian(): boolean {
    return this.watch !== undefined || this.#reportEnd !== undefined;
  }

  /** The limit that ended the child; null if none did, and as long as it runs. */
  get limit(): LimitReason | null {
    return this.hasEnded ? (this.#stopped ?? this.#limit) : null;
  }

  /** The child has a tree with a guardian. Returns what resolves at its end. */
  guardedBy(handle: TreeHandle, child: Pick<NativeChild, 'isGroup' | 'watch'>): Promise<void> {
    this.tree = new Tree(handle, child);
    return this.tree.ended;
  }

  /**
   * To be called once, when the child has ended.
   *
   * @param before - What is emitted before that is reported. Calls its argument afterwards.
   * @param report - Is called then; if it may be the guardian that has killed the child, when that has ended, too.
   */
  exited({ signal }: ProgramEnd, before: (then: () => void) => void, report: () => void): void {
    this.watch = undefined;
    this.#isEnding = true;
    this.tree?.childEnded();
    clearTimeout(this.#timeout);
    clearTimeout(this.#forceKill);
    const ended = () => {
      this.#isEnding = false;
      report();
    };
    before(() => {
      if (this.isWeighed && signal === 'SIGKILL' && this.tree?.isGuarded) this.#reportEnd = ended;
      else ended();
    });
  }

  /** To be called when the guardian has ended. */
  guardianEnded(): void {
    const report = this.#reportEnd;
    this.#reportEnd = undefined;
    report?.();
  }

  /** To be called after that, with how it has ended and what the addon says of its usage, before the cgroup is removed. */
  settle(end: ProgramEnd, used: NativeUsage): void {
    this.end = end;
    this.usage = usageOf(this.#started, used, this.leaf);
    const { rlimits } = this.#ending;
    this.#limit = kernelLimit(end, this.leaf, this.#stopped !== undefined, this.tree?.limit, rlimits);
    if (this.#stopped !== undefined) endReading(this.pipes);
  }

  /** Sends a signal to the child, as ChildProcess.kill. */
  kill(signal: number): boolean {
    const error = this.watch?.kill(signal) ?? ESRCH;
    if (error === 0) {
      this.#child.killed = true;
      return true;
    }
    if (error === ESRCH) return false;
    const failure = systemError(error, 'kill');
    if (error === EINVAL || error === ENOSYS) throw failure;
    this.killFailed(failure);
    return false;
  }

  /** Sends a signal to a tree, which SIGKILL follows as `killTree` says. Returns whether the tree still existed. */
  killTree(tree: Tree, signal: number): boolean {
    if (signal === 0 || !tree.isGuarded) return tree.isGuarded;
    if (!this.#signalTree(tree, signal)) return false;
    this.#child.killed = true;
    if (signal === SIGTERM || signal === this.#ending.killSignal) this.#forceKillLater();
    return true;
  }

  /** SIGKILL is sent to the child as well, so that its end does not wait for the guardian. */
  #signalTree(tree: Tree, signal: number): boolean {
    const isSent = tree.signal(signal) === 0;
    if (signal !== SIGKILL) return isSent;
    return this.watch?.kill(signal) === 0 || isSent;
  }

  /**
   * Sends `signal`, and SIGKILL if the child still runs `forceKillAfter` milliseconds later. When the child has ended, its
   * pipes are read only to the end of what was written by then, even if other processes hold them.
   *
   * @param limit - The limit for which this is done, or null for another reason.
   * @returns Whether a signal was sent.
   */
  terminate(signal = this.#ending.killSignal, limit: LimitReason | null = null): boolean {
    if (this.#stopped === undefined) this.#stopped = limit;
    if (this.hasEnded) endReading(this.pipes);
    if (!this.send(signal)) return false;
    this.#forceKillLater();
    return true;
  }

  /** Starts the timeout. */
  startTimeout(): void {
    const { timeout, killSignal } = this.#ending;
    if (timeout > 0) this.#timeout = setTimeout(() => this.terminate(killSignal, 'time'), timeout);
  }

  #forceKillLater(): void {
    const { forceKillAfter } = this.#ending;
    if (forceKillAfter === Number.POSITIVE_INFINITY || this.hasEnded) return;
    this.#forceKill ??= setTimeout(() => this.#killInTurn(), forceKillAfter);
  }

  /**
   * Sends SIGKILL when it is the tree's turn, or to the child at once if it has no tree. For timers only: no tree has its
   * turn before this process's event loop runs again.
   */
  #killInTurn(): void {
    const { tree } = this;
    if (!tree?.isGuarded) this.send(SIGKILL);
    else
      killInTurn(
        tree,
        () => this.send(SIGKILL),
        () => tree.signal(SIGSTOP),
      );
  }

  /** Sends a signal to the tree, or to the child if it has none, without throwing. */
  send(signal: number): boolean {
    if (this.tree?.isGuarded && !this.hasEnded) {
      if (this.#signalTree(this.tree, signal)) this.#child.killed = true;
      return true;
    }
    try {
      return this.#child.kill(signal);
    } catch (error) {
      this.killFailed(error);
      return false;
    }
  }
}
