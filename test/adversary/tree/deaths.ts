/** Ends processes that start trees, at random moments. */
import { expect } from 'vitest';
import { randomOf } from '../../fuzz/random.js';
import { SEED } from '../../support/seed.js';
import { type Attacker, attack, type Place } from './attackers.js';

/** The ways in which a process ends, and what its parent sees: a signal or an exit status. */
const ENDS = { kill: 'SIGKILL', abort: 'SIGABRT', segv: 'SIGSEGV', throw: 1, exit: 0 } as const;

export type Death = keyof typeof ENDS;

/** The same of the init of a PID namespace, whose parent exits as a shell does. abort(3) ends it by an invalid instruction. */
const ENDS_OF_INIT: Readonly<Record<Death, unknown>> = {
  ...{ kill: 128 + 9, abort: expect.any(Number), segv: 128 + 11, throw: 1, exit: 0 },
};

/** What the trees do. Those of escapes.test.ts that fork without pause take far longer to end. */
const ESCAPES = ['a session of its own', 'two forks', 'a child of the starting process', 'a stopped process'];

interface Parents {
  /** How each process ended. */
  readonly ends: readonly unknown[];
  /** Whether a tree lived as long as its guardian was stopped. Absent if none was. */
  readonly lived?: boolean;
}

/**
 * Ends a process that starts trees in each of these ways, and waits for all processes of its trees, and for their
 * guardians.
 *
 * @param place - Of the processes that end.
 * @param options - Whether to stop a guardian too, and the time after which all that hangs.
 * @returns What was found, and what is right; undefined if there is no such place for this user.
 */
export function endParents(
  attacker: Attacker,
  deaths: readonly Death[],
  place: Place,
  { stopsGuardian = false, hungMs }: { readonly stopsGuardian?: boolean; readonly hungMs?: number } = {},
) {
  const random = randomOf(SEED);
  const moments = deaths.map((death) => ({ death, lines: random.below(6), turns: random.below(3000) }));
  const isInit = place === 'first';
  const settings = { escapes: ESCAPES, moments, isInit, stopsGuardian };
  const found = attack<Parents | null>('parent.mjs', attacker, settings, 'beside', hungMs);
  const ends = deaths.map((death) => (isInit ? ENDS_OF_INIT : ENDS)[death]);
  return found ? { found, right: stopsGuardian ? { ends, lived: true } : { ends } } : undefined;
}
