/** Starts a program whose every call is seen and let through: what record is made of. */
import { once } from 'node:events';
import type { ObservedCall } from '../supervisor/call.js';
import { observedCall, type Sighting, sightingOf } from '../supervisor/kind.js';
import type { SpawnOptions } from './options.js';
import { spawnObserved } from './spawn.js';

/** Calls that are alike, and the first of them. */
export type ObservedKind = ObservedCall & Sighting & { readonly count: number };

export interface Observed {
  readonly calls: readonly ObservedKind[];
  /** Calls of kinds that there was no room for: not all that the program needs is in `calls` then. */
  readonly others: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs `command` to its end, with all its threads and children, and tells every kind of call that they made. The first
 * execve, which starts it, is not among them. Nothing is filtered.
 * @throws SeccompError ERR_SECCOMP_ATTACH where a listener can't be had. A command that can't be started rejects as spawn's
 * event `error` tells it.
 */
export async function observe(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Observed> {
  const child = spawnObserved(command, args, options);
  let failure: unknown;
  child.on('error', (error) => {
    failure ??= error;
  });
  await once(child, 'exit').catch(() => {});
  const { listener } = child;
  if (child.pid === undefined) throw failure;
  // An abort is an error as well, and told before the end.
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  // Its children may live longer. A listener alone does not keep this process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  await listener?.ended.finally(() => clearInterval(alive));
  const { kinds = [], others = 0 } = listener?.counts ?? {};
  const calls = kinds.flatMap((count, i): readonly ObservedKind[] => {
    const kind = listener?.kindAt(i);
    return kind === undefined ? [] : [{ ...observedCall(kind), ...sightingOf(kind), count }];
  });
  return { calls, others, exitCode: child.exitCode, signal: child.signalCode };
}
