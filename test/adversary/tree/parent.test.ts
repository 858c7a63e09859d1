/** A process that starts trees leaves none of them, whenever and however it ends. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, NO_NAMESPACE, obstacle } from './attackers.js';
import { type Death, endParents } from './deaths.js';

/** Processes that end. test/extended/deaths.test.ts ends more. */
const DEATHS: readonly Death[] = ['kill', 'kill', 'kill', 'abort', 'segv', 'segv', 'throw', 'exit'];

describeUnless(obstacle(), 'trees', () => {
  describe.each(ATTACKERS)('of $who', (attacker) => {
    test('end with the process that started them, at some moment, also if a guardian is stopped meanwhile', () => {
      const result = endParents(attacker, DEATHS, 'beside', { stopsGuardian: true });
      expect(result?.found).toEqual(result?.right);
    });

    test('end with the init of a PID namespace', ({ skip }) => {
      const result = endParents(attacker, ['kill', 'kill', 'abort', 'segv'], 'first');
      skip(result === undefined, NO_NAMESPACE);
      expect(result?.found).toEqual(result?.right);
    });
  });
});
