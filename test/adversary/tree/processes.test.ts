/** Many trees, trees of workers, and trees of a process that is the init of its PID namespace. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, escapes, NO_NAMESPACE, obstacle } from './attackers.js';

const obstacleHere = obstacle();

/** How many trees are ended one after another. test/extended/trees.test.ts ends more. */
const TREES = 200;

describeUnless(obstacleHere, 'trees', () => {
  const names = obstacleHere === undefined ? escapes() : [];

  describe.each(ATTACKERS)('of $who', (attacker) => {
    test.for(['beside', 'first'] as const)(
      'leave no process, zombie or descriptor, and harm no other: %s',
      (place, { skip }) => {
        const settings = { escapes: names, before: 2 * names.length, count: TREES };
        const left = attack('bursts.mjs', attacker, settings, place);
        skip(left === undefined, NO_NAMESPACE);
        const grown = expect.objectContaining({ descriptors: 0 });
        expect(left).toEqual({ held: 0, children: 0, outsider: null, signal: 'SIGKILL', grown });
      },
    );

    test('of a worker end with it, and those of other threads live on', () => {
      const lived = { lived: true, end: 0, held: false };
      expect(attack('workers.mjs', attacker)).toEqual({
        ends: [
          { how: 'terminate', ...lived },
          { how: 'exit', ...lived },
        ],
        children: 0,
      });
    });
  });
});
