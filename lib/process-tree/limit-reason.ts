/** What ended a program that reached a limit. */
import { constants } from 'node:os';
import { own } from '../util/own-data.js';
import type { Leaf } from './leaf.js';
import type { ProgramEnd } from './program-end.js';
import type { ResourceLimits } from './rlimits.js';

/**
 * The limit that ended a program: `time` is the option `timeout`, `output` is `maxBuffer`, `file-size` and `cpu` are
 * `rlimits.fsize` and `rlimits.cpu`, and `memory` and `processes` are those of `limits`, as `cpu` is with `exact: false`. If
 * several apply, it is the first of these in this order.
 */
export type LimitReason = 'time' | 'output' | 'file-size' | 'cpu' | 'memory' | 'processes';

/** What a shell exits with when a program that it ran was ended by these signals. */
const FILE_SIZE_IN_SHELL = 128 + constants.signals.SIGXFSZ;
const CPU_IN_SHELL = 128 + constants.signals.SIGXCPU;

/**
 * The limit for which the kernel or a guardian ended a program; null if it ended well, or for another reason.
 *
 * @param isStopped - Whether this process has ended it.
 * @param sampled - The limit for which its guardian has ended its tree.
 * @param given - Its option `rlimits`: without a limit, an exit code like a shell's has another reason.
 */
export function kernelLimit(
  { code, signal }: Pick<ProgramEnd, 'code' | 'signal'>,
  leaf: Leaf | undefined,
  isStopped: boolean,
  sampled: LimitReason | null = null,
  given: ResourceLimits = {},
): LimitReason | null {
  const { fsize, cpu } = own(given);
  if (signal === 'SIGXFSZ' || (code === FILE_SIZE_IN_SHELL && fsize !== undefined)) return 'file-size';
  if (signal === 'SIGXCPU' || (code === CPU_IN_SHELL && cpu !== undefined)) return 'cpu';
  if (code === 0 || isStopped) return null;
  if (leaf === undefined) return sampled;
  const { memoryKills, processRefusals } = leaf.events();
  if (memoryKills > 0) return 'memory';
  return processRefusals > 0 ? 'processes' : null;
}

/** How the texts differ where a guardian has ended the program. */
const SAMPLED_TEXTS: ReadonlyMap<LimitReason | null, string> = new Map([
  ['cpu', 'it used more CPU time than it may (options.limits.cpu)'],
  ['memory', 'it used more memory than it may (options.limits.memory)'],
  ['processes', 'it had more processes and threads than it may (options.limits.processes)'],
]);

const TEXTS: ReadonlyMap<LimitReason | null, string> = new Map([
  ['file-size', 'it wrote too large a file (options.rlimits.fsize)'],
  ['cpu', 'it used too much CPU time (options.rlimits.cpu)'],
  ['memory', 'it needed more memory than it may use (options.limits.memory)'],
  ['processes', 'it could not start as many processes as it needs (options.limits.processes)'],
]);

/**
 * Says which limit ended a program, for the message of an error; empty for any other end, and for this package's own limits.
 *
 * @param signal - The signal that ended it. A guardian sends SIGKILL.
 * @param limits - How its limits were enforced.
 */
export function limitText(
  limit: LimitReason | null,
  signal: NodeJS.Signals | null = null,
  limits: { readonly by?: string } | undefined = undefined,
): string {
  const isSampled = limits?.by === 'guardian' && signal === 'SIGKILL';
  return (isSampled ? SAMPLED_TEXTS : TEXTS).get(limit) ?? '';
}
