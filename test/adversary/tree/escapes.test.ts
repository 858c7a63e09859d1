/** Programs that try to be in no tree when theirs is ended. */
import { beforeAll, describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, escapes, obstacle } from './attackers.js';

/** What was left by a tree after `treeEnded`. */
interface Left {
  /** The errno by which the user or the kernel denied the escape itself. */
  readonly cannot: string | null;
  /** Why `treeEnded` was rejected. */
  readonly rejected: string | null;
  /** Whether a process of the tree had not ended. */
  readonly held: boolean;
  /** How many children the starting process had, zombies included. */
  readonly children: number;
  readonly tree: unknown;
}

const ENDS = ['killTree', 'killTree, SIGTERM', 'the end of the child', 'kill', 'abort', 'dispose'];

/** The escapes that need a capability, a user namespace, or a program. */
const RARE = /namespace|unshare|another user|set-user-ID/;

const obstacleHere = obstacle();

describeUnless(obstacleHere, 'a tree', () => {
  const names = obstacleHere === undefined ? escapes() : [];

  describe.each(ATTACKERS)('of $who', (attacker) => {
    let results: Readonly<Record<string, Readonly<Record<string, Left>>>> = {};
    beforeAll(() => {
      results = attack('escapes.mjs', attacker, { escapes: names, ends: ENDS }) ?? {};
    });

    test.each(names)('ends whole, whatever leaves it: %s', (name) => {
      const left = { cannot: null, rejected: null, held: false, children: 0, tree: { by: 'guardian' } };
      const found = results[name] ?? {};
      const expected = RARE.test(name) ? { ...left, cannot: found['killTree']?.cannot } : left;
      expect(found).toEqual(Object.fromEntries(ENDS.map((end) => [end, expected])));
    });
  });
});
