/** What ended a program that reached a limit. */
import type { Leaf } from './leaf.js';

/**
 * The limit that ended a program: `time` is the option `timeout`, `output` is `maxBuffer`, `file-size` and `cpu` are
 * `rlimits.fsize` and `rlimits.cpu`, and `memory` and `processes` are those of `limits`. If several apply, it is the first of
 * these in this order.
 */
export type LimitReason = 'time' | 'output' | 'file-size' | 'cpu' | 'memory' | 'processes';

/** The end of a program: its exit code or the signal that ended it. */
export interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * The limit for which the kernel ended a program; null if it ended well, or for another reason.
 *
 * @param isStopped - Whether this process has ended it.
 */
export function kernelLimit({ code, signal }: End, leaf: Leaf | undefined, isStopped: boolean): LimitReason | null {
  if (signal === 'SIGXFSZ') return 'file-size';
  if (signal === 'SIGXCPU') return 'cpu';
  if (code === 0 || leaf === undefined || isStopped) return null;
  const { memoryKills, processRefusals } = leaf.events();
  if (memoryKills > 0) return 'memory';
  return processRefusals > 0 ? 'processes' : null;
}

const TEXTS: ReadonlyMap<LimitReason | null, string> = new Map([
  ['file-size', 'it wrote too large a file (options.rlimits.fsize)'],
  ['cpu', 'it used too much CPU time (options.rlimits.cpu)'],
  ['memory', 'it needed more memory than it may use (options.limits.memory)'],
  ['processes', 'it could not start as many processes as it needs (options.limits.processes)'],
]);

/** Says which limit of the kernel ended a program, for the message of an error; empty for any other end. */
export const limitText = (limit: LimitReason | null): string => TEXTS.get(limit) ?? '';
