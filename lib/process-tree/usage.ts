/** What a program has used. */
import type { NativeUsage } from '../native.js';
import type { Leaf } from './leaf.js';

/**
 * What a program has used, to choose limits by.
 *
 * @example
 * import { run } from 'seccomp';
 *
 * const { usage } = await run('sleep', ['0.2'], 'docker-default');
 * console.log(usage); // { wallTime: 219.6, cpuTime: 1.3, maxRss: null, peakMemory: null }
 */
export interface Usage {
  /** Milliseconds from the start to the end. */
  readonly wallTime: number;
  /**
   * Milliseconds of CPU time: in a cgroup of `limits`, that of all processes that the program started; otherwise, that of the
   * program and of those that were waited for. Null if it is not known: Node has started the program, under `unconfined`.
   */
  readonly cpuTime: number | null;
  /**
   * The most resident memory that one of these processes had, in bytes. Null if it is not known: it was not more than this process
   * has had, of which the program's first process is a copy.
   */
  readonly maxRss: number | null;
  /** The most memory that all of them had together, in bytes. Null without a cgroup of `limits`, and below Linux 5.19. */
  readonly peakMemory: number | null;
}

/** That of a program that Node has started. */
export const UNKNOWN_USAGE: NativeUsage = { cpuTime: null, maxRss: null };

/**
 * What a program has used that was started at a time of `performance.now()`.
 *
 * @param used - As the addon tells it.
 */
export function usageOf(started: number, { cpuTime, maxRss }: NativeUsage, leaf: Leaf | undefined): Usage {
  const ours = ourMaxRss();
  return {
    wallTime: performance.now() - started,
    cpuTime: leaf?.cpuTime() ?? cpuTime,
    maxRss: maxRss !== null && maxRss > ours ? maxRss : null,
    peakMemory: leaf?.peakMemory() ?? null,
  };
}

/** The most resident memory that this process has had, in bytes; without bound where a filter denies getrusage(2). */
function ourMaxRss(): number {
  try {
    return process.resourceUsage().maxRSS * 1024;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
