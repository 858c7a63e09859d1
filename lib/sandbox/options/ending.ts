/** The options that end a child. */
import { constants } from 'node:os';
import type { ResourceLimits } from '../../process-tree/rlimits.js';
import { signalNumber } from './signals.js';
import type { SpawnOptions } from './types.js';

/** When and how this process ends a child. */
export interface Ending {
  /** Milliseconds until `killSignal`; 0: never. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly killSignal: number;
  /** Milliseconds from `killSignal` to SIGKILL; Infinity: never. */
  readonly forceKillAfter: number;
  /** Limits for which the kernel ends it. */
  readonly rlimits: ResourceLimits | undefined;
}

const FORCE_KILL_AFTER = 5_000;

/** The ending that checked options describe. */
export function endingOf(options: EndingOptions): Ending {
  const { timeout, signal, killSignal, forceKillAfter = FORCE_KILL_AFTER, rlimits } = options;
  return {
    timeout: timeout ?? 0,
    signal,
    killSignal: signalNumber(killSignal ?? constants.signals.SIGTERM),
    forceKillAfter: forceKillAfter === false ? Number.POSITIVE_INFINITY : forceKillAfter,
    rlimits,
  };
}

type EndingOptions = Pick<SpawnOptions, 'timeout' | 'signal' | 'killSignal' | 'forceKillAfter' | 'rlimits'>;
