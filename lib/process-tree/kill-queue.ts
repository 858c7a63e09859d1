/**
 * Kills few trees at the same time. The kernel needs about 100 µs of CPU time to end a process. If hundreds of trees ended at
 * once, this process would have to wait for the CPU until most of that is done.
 */
import { clearTimeout, setTimeout } from '../util/timers.js';

/** The most trees that end at the same time, unless one takes longer than PATIENCE. */
export const MOST = 8;

/** Milliseconds after which a tree that has not ended makes room for the next. */
export const PATIENCE = 20;

/** Those that are being ended, with what frees their place. */
const ending = new Map<object, NodeJS.Timeout>();

/** What kills those that wait. */
const waiting = new Map<object, () => void>();

/**
 * Kills a tree, at once or when there is a place for it.
 *
 * @param hold - Called at once if the tree has to wait: stops it, so that it uses no CPU time meanwhile.
 */
export function killInTurn(tree: object, kill: () => void, hold: () => unknown): void {
  if (ending.has(tree) || ending.size < MOST) {
    begin(tree, kill);
  } else if (!waiting.has(tree)) {
    waiting.set(tree, kill);
    hold();
  }
}

/** To be called when a tree has ended. */
export function leaveQueue(tree: object): void {
  waiting.delete(tree);
  const timer = ending.get(tree);
  if (timer === undefined) return;
  clearTimeout(timer);
  ending.delete(tree);
  killNext();
}

function begin(tree: object, kill: () => void): void {
  if (!ending.has(tree)) ending.set(tree, setTimeout(() => leaveQueue(tree), PATIENCE).unref());
  kill();
}

function killNext(): void {
  const [next] = waiting;
  if (next === undefined || ending.size >= MOST) return;
  waiting.delete(next[0]);
  begin(...next);
}
