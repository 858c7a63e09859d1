/** Programs that try to be in no tree when theirs is ended. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, escapes, obstacle, once } from './attackers.js';
import { type Case, ENDS, endTrees } from './escaping.js';

const obstacleHere = obstacle();

/** The escape whose tree is ended in each way. */
const SESSION = 'a session of its own';

describeUnless(obstacleHere, 'a tree', () => {
  const names = obstacleHere === undefined ? escapes() : [];
  const ofSession = ENDS.map((end) => ({ name: SESSION, end }));

  // Each user ends the tree of an escape in another way; test/slow/trees.test.ts has all of their combinations.
  describe.each(ATTACKERS.map((attacker, i) => ({ ...attacker, first: 3 * i })))('of $who', (attacker) => {
    const cases = names.map((name, i): Case => ({ name, end: ENDS[(attacker.first + i) % ENDS.length] ?? '' }));
    const ended = once(() => endTrees(attacker, [...cases.filter(({ name }) => name !== SESSION), ...ofSession]));

    test.each(names)('ends whole, whatever leaves it: %s', (name) => {
      const { found, right } = ended()(name);
      expect(found).toEqual(right);
      expect(found.length).toBe(name === SESSION ? ENDS.length : 1);
    });
  });
});
