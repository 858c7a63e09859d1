/**
 * Trees that are process groups, as on kernels without Landlock's scopes: this kernel's Landlock is denied to the process that
 * starts them. test/arch/tree.test.ts boots older kernels.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, escapes, obstacle } from './attackers.js';

/** What is left of a tree: as of escapes.test.ts and of test/arch/tree.test.ts. */
type Left = Readonly<Record<string, unknown>>;

interface Ended {
  readonly escapes: Readonly<Record<string, Left>>;
  readonly stopped: readonly Left[];
  readonly killed: Left;
  readonly timeout: unknown;
  readonly parent: string;
}

/** They need a capability, a user namespace, or a program. */
const RARE = /namespace|unshare|another user|set-user-ID/;
/**
 * Without Landlock, the former reaches all processes of its user, outsiders included. The latter starts no process, as
 * setsid(1) fails.
 */
const LEFT_OUT = ['signals to all that it may signal', 'nohup and setsid'];

/** How many trees are ended one after another. */
const TREES = 60;

const obstacleHere = obstacle(true);

describeUnless(obstacleHere, 'a tree that is a process group', () => {
  const names = obstacleHere === undefined ? escapes().filter((name) => !LEFT_OUT.includes(name)) : [];

  describe.each(ATTACKERS)('of $who', (attacker) => {
    const settings = { withoutLandlock: true, escapes: names, hasParent: true, count: TREES };
    const caveat =
      attacker.options['uid'] === undefined ? { reason: expect.stringContaining('stops or kills both') } : {};
    const tree = { by: 'process-group', ...caveat };
    const ended = { cannot: null, rejected: null, held: false, left: 0, tree };
    let result: Ended | undefined;
    beforeAll(() => {
      result = attack('../../arch/tree.mjs', attacker, settings);
    });

    test.each(names)('ends whole, whatever leaves it: %s', (name) => {
      const found = result?.escapes[name];
      expect(found).toEqual(RARE.test(name) ? { ...ended, cannot: found?.['cannot'] } : ended);
    });

    test('ends if its guardian was stopped or killed, by a timeout, and with its parent', () => {
      const { stopped, killed, timeout, parent } = result ?? expect.fail('nothing was run');
      expect(stopped).toEqual([ended, ended, ended]);
      expect(killed).toEqual({ ...ended, rejected: expect.stringContaining('guardian was ended by another process') });
      expect([timeout, parent]).toEqual([{ error: 'ETIMEDOUT', held: false }, 'SIGKILL']);
    });

    test.for(['beside', 'first'] as const)(
      'leaves no process, zombie or descriptor, and harms no other: %s',
      (place, { skip }) => {
        const left = attack('bursts.mjs', attacker, settings, place);
        skip(left === undefined, 'this user can’t make a PID namespace');
        const grown = { descriptors: 0 };
        expect(left).toMatchObject({ held: 0, grown, children: 0, outsider: null, signal: 'SIGKILL' });
      },
    );

    test('of a worker ends with it', () => {
      const lived = { lived: true, end: 0, held: false };
      const ends = ['terminate', 'exit'].map((how) => ({ how, ...lived }));
      expect(attack('workers.mjs', attacker, settings)).toEqual({ ends, children: 0 });
    });
  });
});
