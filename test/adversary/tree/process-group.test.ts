/**
 * Trees that are process groups, as on kernels without Landlock's scopes: this kernel's Landlock is denied to the process that
 * starts them. test/arch/tree.test.ts boots older kernels.
 */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, escapes, NO_NAMESPACE, obstacle, once, PLACES } from './attackers.js';
import { RARE } from './escaping.js';

/** What is left of a tree: as of escapes.test.ts and of test/arch/tree.test.ts. */
type Left = Readonly<Record<string, unknown>>;

interface Ended {
  readonly escapes: Readonly<Record<string, Left>>;
  readonly stopped: readonly Left[];
  readonly killed: Left;
  readonly timeout: unknown;
  readonly parent: string;
}

/**
 * Without Landlock, the former reaches all processes of its user, outsiders included. The latter starts no process, as
 * setsid(1) fails.
 */
const LEFT_OUT = ['signals to all that it may signal', 'nohup and setsid'];

/** How many trees are ended one after another, in each of seven ways and by each escape. test/slow/trees.test.ts ends more. */
const TREES = 25;

const obstacleHere = obstacle(true);

describeUnless(obstacleHere, 'a tree that is a process group', () => {
  const names = obstacleHere === undefined ? escapes().filter((name) => !LEFT_OUT.includes(name)) : [];

  // The second user tries a third of the escapes, and Node has another place; test/slow/trees.test.ts has all.
  describe.each(ATTACKERS.map((attacker, i) => ({ ...attacker, i })))('of $who', (attacker) => {
    const { i } = attacker;
    const tried = i === 0 ? names : names.filter((_, k) => k % 3 === 1);
    const settings = { withoutLandlock: true, escapes: tried, hasParent: true, before: 0, count: TREES };
    const caveat =
      attacker.options['uid'] === undefined ? { reason: expect.stringContaining('stops or kills both') } : {};
    const tree = { by: 'process-group', ...caveat };
    const ended = { cannot: null, rejected: null, held: false, left: 0, tree };
    const result = once(() => attack<Ended>('../../arch/tree.mjs', attacker, settings));

    test.each(tried)('ends whole, whatever leaves it: %s', (name) => {
      const found = result()?.escapes[name];
      expect(found).toEqual(RARE.test(name) ? { ...ended, cannot: found?.['cannot'] } : ended);
    });

    test('ends if its guardian was stopped or killed, by a timeout, and with its parent', () => {
      const { stopped, killed, timeout, parent } = result() ?? expect.fail('nothing was run');
      expect(stopped).toEqual([ended, ended, ended]);
      expect(killed).toEqual({ ...ended, rejected: expect.stringContaining('guardian was ended by another process') });
      expect([timeout, parent]).toEqual([{ error: 'ETIMEDOUT', held: false }, 'SIGKILL']);
    });

    test.for(PLACES.slice(i, i + 1))(
      'leaves no process, zombie or descriptor, and harms no other: %s',
      (place, { skip }) => {
        const left = attack('bursts.mjs', attacker, settings, place);
        skip(left === undefined, NO_NAMESPACE);
        const grown = { descriptors: 0 };
        expect(left).toMatchObject({ held: 0, grown, children: 0, outsider: null, signal: 'SIGKILL' });
      },
    );
  });

  // test/slow/trees.test.ts has the other user.
  test.each(ATTACKERS.slice(0, 1))('of a worker of $who ends with it', (attacker) => {
    const lived = { lived: true, end: 0, held: false };
    const ends = ['terminate', 'exit'].map((how) => ({ how, ...lived }));
    expect(attack('workers.mjs', attacker, { withoutLandlock: true })).toEqual({ ends, children: 0 });
  });
});
