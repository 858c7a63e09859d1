/** The attacks of test/adversary/tree, which tries a sample of them: each user, place, escape and end with each other. */
import { describe, expect, test } from 'vitest';
import {
  ATTACKERS,
  attack,
  escapes,
  LONG_HUNG_MS,
  NO_NAMESPACE,
  obstacle,
  once,
  PLACES,
} from '../adversary/tree/attackers.js';
import { type Death, endParents } from '../adversary/tree/deaths.js';
import { ENDS, endTrees } from '../adversary/tree/escaping.js';
import { describeUnless } from '../support/describe-unless.js';

/** How many trees are ended one after another. */
const TREES = 200;

/** How many trees try each way to reach their guardian while it is started. */
const STARTS = 3;

const DEATHS: readonly Death[] = ['kill', 'kill', 'kill', 'abort', 'segv', 'segv', 'throw', 'exit'];
const DEATHS_OF_INITS: readonly Death[] = ['kill', 'kill', 'abort', 'segv'];

/** Without Landlock, the former reaches outsiders, and the latter starts no process. */
const NOT_OF_GROUPS = ['signals to all that it may signal', 'nohup and setsid'];

const obstacleHere = obstacle();
const timeout = LONG_HUNG_MS;

describeUnless(obstacleHere, 'trees', () => {
  const names = obstacleHere === undefined ? escapes() : [];
  const cases = names.flatMap((name) => ENDS.map((end) => ({ name, end })));

  describe.each(ATTACKERS)('of $who', (attacker) => {
    const ended = once(() => endTrees(attacker, cases, LONG_HUNG_MS));

    test.each(names)('end whole in each way, whatever leaves them: %s', { timeout }, (name) => {
      const { found, right } = ended()(name);
      expect(found).toEqual(right);
      expect(found.length).toBe(ENDS.length);
    });

    test.for(PLACES)(
      'leave no process, zombie or descriptor, and harm no other: %s',
      { timeout },
      (place, { skip }) => {
        const settings = { escapes: names, before: 2 * names.length, count: TREES };
        const left = attack('bursts.mjs', attacker, settings, place, LONG_HUNG_MS);
        skip(left === undefined, NO_NAMESPACE);
        const grown = expect.objectContaining({ descriptors: 0 });
        expect(left).toEqual({ held: 0, children: 0, outsider: null, signal: 'SIGKILL', grown });
      },
    );

    test.for(PLACES)('that are process groups leave none of that: %s', { timeout }, (place, { skip }) => {
      const ofGroups = names.filter((name) => !NOT_OF_GROUPS.includes(name));
      const settings = { withoutLandlock: true, escapes: ofGroups, before: 0, count: TREES };
      const left = attack('bursts.mjs', attacker, settings, place, LONG_HUNG_MS);
      skip(left === undefined, NO_NAMESPACE);
      const grown = { descriptors: 0 };
      expect(left).toMatchObject({ held: 0, grown, children: 0, outsider: null, signal: 'SIGKILL' });
    });

    test.each([
      ['', {}],
      ['that are process groups ', { withoutLandlock: true }],
    ])('%sof a worker end with it, and those of other threads live on', { timeout }, (_, settings) => {
      const lived = { lived: true, end: 0, held: false };
      const ends = ['terminate', 'exit'].map((how) => ({ how, ...lived }));
      expect(attack('workers.mjs', attacker, settings, 'beside', LONG_HUNG_MS)).toEqual({ ends, children: 0 });
    });

    test('reach no guardian while it is started', { timeout }, () => {
      const result = attack('guardian.mjs', attacker, { times: STARTS }, 'beside', LONG_HUNG_MS);
      expect(result).toMatchObject({ early: [], held: false, children: 0 });
    });

    test('end with the process that started them', { timeout }, () => {
      const result = endParents(attacker, DEATHS, 'beside', { hungMs: LONG_HUNG_MS });
      expect(result?.found).toEqual(result?.right);
      expect(result).toBeDefined();
    });

    test('end with the init of a PID namespace', { timeout }, ({ skip }) => {
      const result = endParents(attacker, DEATHS_OF_INITS, 'first', { hungMs: LONG_HUNG_MS });
      skip(result === undefined, NO_NAMESPACE);
      expect(result?.found).toEqual(result?.right);
    });
  });
});
