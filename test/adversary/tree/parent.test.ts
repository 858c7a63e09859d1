/** A process that starts trees leaves none of them, whenever and however it ends. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, NO_NAMESPACE, obstacle } from './attackers.js';
import { type Death, endParents } from './deaths.js';

/** How processes end, by the user. test/slow/trees.test.ts and test/extended/deaths.test.ts end more. */
const DEATHS: readonly (readonly Death[])[] = [['kill', 'segv', 'exit'], ['kill']];
const DEATHS_OF_INITS: readonly (readonly Death[])[] = [['kill'], ['segv']];

describeUnless(obstacle(), 'trees', () => {
  describe.each(ATTACKERS.map((attacker, i) => ({ ...attacker, i })))('of $who', (attacker) => {
    test('end with the process that started them, at some moment, also if a guardian is stopped meanwhile', () => {
      const result = endParents(attacker, DEATHS[attacker.i] ?? [], 'beside', { stopsGuardian: true });
      expect(result?.found).toEqual(result?.right);
    });

    test('end with the init of a PID namespace', ({ skip }) => {
      const result = endParents(attacker, DEATHS_OF_INITS[attacker.i] ?? [], 'first');
      skip(result === undefined, NO_NAMESPACE);
      expect(result?.found).toEqual(result?.right);
    });
  });
});
