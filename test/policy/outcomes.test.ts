/** The actions that some calls get, and these calls, are those that evaluate() gives. */
import { expect, test } from 'vitest';
import { returnValue } from '../../lib/policy/action.js';
import { conditionsDiagram, exampleCall } from '../../lib/policy/diagrams/call-bits.js';
import { Diagrams, FALSE, TRUE } from '../../lib/policy/diagrams/decision-diagram.js';
import { outcomesOf } from '../../lib/policy/diagrams/policy-meanings.js';
import { holds } from '../../lib/policy/evaluate.js';
import type { Action, Condition, Decision } from '../../lib/policy/policy.js';
import { indices } from '../../lib/util/own-data.js';
import { conditionsOf, VALUES } from '../support/conditions.js';
import { generator } from '../support/policies.js';

const ACTIONS: readonly Action[] = [{ kind: 'log' }, { kind: 'trap' }, { kind: 'errno', errno: 1 }, { kind: 'allow' }];

const random = generator(31);
const below = (count: number): number => Math.floor(random() * count);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
const CONDITIONS: readonly Condition[] = ([16, 32, 64] as const).flatMap(conditionsOf);

test('of random decisions', () => {
  for (let round = 0; round < 200; round++) {
    const decisions: readonly Decision[] = [
      ...indices(below(6)).map(() => ({
        conditions: indices(1 + below(3)).map(() => pick(CONDITIONS)),
        action: pick(ACTIONS),
      })),
      { conditions: [], action: pick(ACTIONS) },
    ];
    const decided = (args: readonly bigint[]) =>
      decisions.find(({ conditions }) => conditions.every((each) => holds(each, args)))?.action;
    const diagrams = new Diagrams();
    const outcomes = outcomesOf(decisions, diagrams);
    const all = outcomes.reduce((sum, { calls }) => {
      expect(diagrams.both(sum, calls)).toBe(FALSE);
      return diagrams.choose(calls, TRUE, sum);
    }, FALSE);
    expect(all).toBe(TRUE);
    for (const { action, calls } of outcomes) {
      expect(decided(exampleCall(calls, diagrams).args)).toEqual(action);
      for (let i = 0; i < 5; i++) {
        const args = indices(6).map(() => pick(VALUES));
        const only = indices(6).map((index): Condition => ({ index, width: 64, op: 'eq', value: args[index] ?? 0n }));
        const isIn = diagrams.both(conditionsDiagram(only, diagrams), calls) !== FALSE;
        expect(isIn).toBe(returnValue(decided(args) as Action) === returnValue(action));
      }
    }
  }
});

test('of a decision that earlier ones leave no call are none', () => {
  const condition: Condition = { index: 0, width: 32, op: 'le', value: 5n };
  const narrower: Condition = { index: 0, width: 32, op: 'eq', value: 4n };
  const decisions: readonly Decision[] = [
    { conditions: [condition], action: { kind: 'log' } },
    { conditions: [narrower], action: { kind: 'trap' } },
    { conditions: [], action: { kind: 'allow' } },
  ];
  expect(outcomesOf(decisions, new Diagrams()).map(({ action }) => action.kind)).toEqual(['log', 'allow']);
});
