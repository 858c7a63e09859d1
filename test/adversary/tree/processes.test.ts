/** Many trees, trees of workers, and trees of a process that is the init of its PID namespace. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, escapes, NO_NAMESPACE, obstacle, PLACES } from './attackers.js';

const obstacleHere = obstacle();

/** How many trees are ended one after another, by each escape. test/slow/trees.test.ts and test/extended/trees.test.ts end more. */
const TREES = 28;

/** test/slow/trees.test.ts has the others. */
const LAST = ATTACKERS.slice(-1);

describeUnless(obstacleHere, 'trees', () => {
  const names = obstacleHere === undefined ? escapes() : [];

  // Each user has another of the places.
  describe.each(ATTACKERS.map((attacker, i) => ({ ...attacker, places: PLACES.slice(1 - i, 2 - i) })))(
    'of $who',
    (attacker) => {
      test.for(attacker.places)('leave no process, zombie or descriptor, and harm no other: %s', (place, { skip }) => {
        const settings = { escapes: names, before: 8, count: TREES };
        const left = attack('bursts.mjs', attacker, settings, place);
        skip(left === undefined, NO_NAMESPACE);
        const grown = expect.objectContaining({ descriptors: 0 });
        expect(left).toEqual({ held: 0, children: 0, outsider: null, signal: 'SIGKILL', grown });
      });
    },
  );

  test.each(LAST)('of a worker end with it, and those of other threads live on: of $who', (attacker) => {
    const lived = { lived: true, end: 0, held: false };
    const ends = ['terminate', 'exit'].map((how) => ({ how, ...lived }));
    expect(attack('workers.mjs', attacker)).toEqual({ ends, children: 0 });
  });
});
