/** Programs that test one argument, with every operator at every bound: they decide as the conditions say. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { returnValue } from '../../lib/policy/action.js';
import { holds } from '../../lib/policy/evaluate.js';
import type { Action, Condition, Policy } from '../../lib/policy/policy.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { conditionsOf, showCondition, VALUES } from '../support/conditions.js';
import { generator } from '../support/policies.js';

const DENY: Action = { kind: 'errno', errno: 1 };
const TRAP: Action = { kind: 'trap' };
const ALLOW: Action = { kind: 'allow' };
const NUMBER = 9;

/** Calls that are denied with the first conditions, and trapped with the second ones. */
function policyOf(abi: AbiName, first: readonly Condition[], second: readonly Condition[]): Policy {
  const decisions = [
    { conditions: first, action: DENY },
    { conditions: second, action: TRAP },
  ];
  const syscalls = new Map([[NUMBER, second.length === 0 ? decisions.slice(0, 1) : decisions]]);
  return { abis: [{ abi: abiOf(abi), syscalls }], defaultAction: ALLOW, foreignAction: ALLOW };
}

/** The values of argument 1 that a filter decides differently than the conditions. */
function misjudged(abi: AbiName, first: readonly Condition[], second: readonly Condition[] = []): readonly string[] {
  const { audit, endian } = abiOf(abi);
  const { instructions } = compilePolicy(policyOf(abi, first, second));
  return VALUES.flatMap((value) => {
    const args = [0xffff_ffff_ffff_ffffn, value, 0n, 0n, 0n, 0n];
    const all = (conditions: readonly Condition[]) => conditions.every((condition) => holds(condition, args));
    const meant = all(first) ? DENY : second.length > 0 && all(second) ? TRAP : ALLOW;
    const found = interpret(instructions, { arch: audit, number: NUMBER, args }, endian).value;
    if (found === returnValue(meant)) return [];
    return [`${[...first, ...second].map(showCondition)}: 0x${value.toString(16)}: 0x${found.toString(16)}`];
  });
}

describe.each([16, 32, 64] as const)('of %i bits', (width) => {
  test.each<AbiName>(['x86_64', 's390x'])('one condition, on %s', (abi) => {
    // The byte order changes only where words are.
    const conditions = conditionsOf(width).filter((_, i) => abi === 'x86_64' || i % 7 === 0);
    expect(conditions.flatMap((condition) => misjudged(abi, [condition]))).toEqual([]);
  });
});

test('pairs and triples of conditions, in one decision and in two', () => {
  const all = ([16, 32, 64] as const).flatMap(conditionsOf);
  const random = generator(11);
  const pick = (): Condition => all[Math.floor(random() * all.length)] ?? { index: 1, width: 32, op: 'eq', value: 0n };
  const wrong = Array.from({ length: 100 }, () => [pick(), pick(), pick()] as const).flatMap(([a, b, c]) => [
    ...misjudged('x86_64', [a, b], [c]),
    ...misjudged('x86_64', [a], [b, c]),
  ]);
  expect(wrong).toEqual([]);
});
