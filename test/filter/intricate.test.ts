/** Rules that overlap in many ways: they are compiled, proven in a bounded number of steps, and decided correctly. */
import { describe, expect, test } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { BPF, encodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { prove, proveProgram } from '../../lib/filter/verify/prove.js';
import type { Action, Condition, Decision, Policy } from '../../lib/policy/policy.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { checkCalls, checkIntricate, MOST_STEPS } from '../support/intricate.js';
import { generator } from '../support/policies.js';
import { SEED } from '../support/seed.js';

test('random profiles of nine rules with up to six conditions each', () => {
  expect(checkIntricate(SEED, 200, 40)).toBeGreaterThan(50_000);
}, 600_000);

const OPERATORS = {
  every: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq'],
  orders: ['lt', 'ge'],
  masks: ['masked-eq'],
} as const;

interface Shape {
  readonly rules: number;
  readonly conditions: number;
  readonly ops: keyof typeof OPERATORS;
  /** The exclusive upper bound of values. */
  readonly end: number;
}

/** Rules on one syscall. Each has a condition on each of this many arguments. */
function policyOf({ rules, conditions, ops, end }: Shape): Policy {
  const random = generator(7);
  const value = () => BigInt(Math.floor(random() * end));
  const condition = (index: number): Condition => {
    const op = OPERATORS[ops][Math.floor(random() * OPERATORS[ops].length)] ?? 'eq';
    const compared = { index, width: end > 2 ** 32 ? 64 : 32, value: value() } as const;
    return op === 'masked-eq' ? { ...compared, op, mask: value() } : { ...compared, op };
  };
  const decision = (rule: number): Decision => ({
    conditions: [0, 1, 2, 3, 4, 5].slice(0, conditions).map(condition),
    action: rule % 3 === 0 ? { kind: 'allow' } : errno(1 + (rule % 50)),
  });
  const decisions = Array.from({ length: rules }, (_, i) => decision(i));
  return {
    abis: [
      {
        abi: abiOf('x86_64'),
        syscalls: new Map([
          [9, decisions],
          [59, decisions],
        ]),
      },
    ],
    defaultAction: errno(1),
    foreignAction: { kind: 'kill-process' },
  };
}

const errno = (number: number): Action => ({ kind: 'errno', errno: number });

const SHAPES: readonly Shape[] = [
  { rules: 16, conditions: 6, ops: 'every', end: 30 },
  { rules: 64, conditions: 6, ops: 'every', end: 30 },
  { rules: 64, conditions: 6, ops: 'orders', end: 1000 },
  { rules: 100, conditions: 6, ops: 'every', end: 2 ** 40 },
  { rules: 200, conditions: 3, ops: 'masks', end: 256 },
  { rules: 300, conditions: 2, ops: 'orders', end: 2 ** 40 },
  { rules: 400, conditions: 1, ops: 'masks', end: 2 ** 31 },
];

describe.each(SHAPES)('$rules rules with $conditions conditions each, $ops, up to $end', (shape) => {
  test('are compiled and proven, even if their diagrams would be too large', () => {
    const filter = compilePolicy(policyOf(shape));
    expect(filter.proof?.steps).toBeLessThan(MOST_STEPS);
    checkCalls(filter, generator(1), 300);
  });

  test('as are rules on a call with an exec gate', () => {
    const filter = compilePolicy(policyOf(shape), { gate: ['execve'] });
    expect(filter.gate).toHaveLength(6);
    expect(prove(filter)).not.toHaveProperty('call');
  });
});

test('a changed program is not proven in lockstep', () => {
  const filter = compilePolicy(policyOf({ rules: 64, conditions: 6, ops: 'orders', end: 1000 }), { gate: ['execve'] });
  const isProven = (at: number, change: Partial<(typeof filter.instructions)[number]>) => {
    const instructions = filter.instructions.map((each, i) => (i === at ? { ...each, ...change } : each));
    const { policy, gate } = filter;
    try {
      return !('call' in proveProgram({ policy, bytes: encodeInstructions(instructions, 'little'), gate }));
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
  expect(isProven(0, {})).toBe(true);
  const returns = [...filter.instructions.entries()].filter(([, { code }]) => code === BPF.ret);
  for (const [at, { k }] of returns.slice(-3)) expect(isProven(at, { k: k ^ 1 }), `${at}: another value`).toBe(false);
  const tests: readonly number[] = [BPF.jge, BPF.jgt];
  const gate = new Set(filter.gate.map(({ instruction }) => instruction));
  const asked = [...filter.instructions.entries()].filter(
    ([at, { code }]) => tests.includes(code) && at > 6 && !gate.has(at),
  );
  for (const [at, { jt, jf, k }] of asked.filter((_, i) => i % 120 === 0)) {
    expect(isProven(at, { k: k + 1 }), `${at}: another constant`).toBe(false);
    expect(isProven(at, { jt: jf, jf: jt }), `${at}: jumps swapped`).toBe(false);
    expect(isProven(at, { jt: jf }), `${at}: one way`).toBe(false);
  }
});

test('rules that make a filter longer than the kernel accepts are refused', () => {
  const policy = policyOf({ rules: 300, conditions: 6, ops: 'every', end: 2 ** 40 });
  expect(() => compilePolicy(policy)).toThrowError(expect.objectContaining({ code: 'ERR_SECCOMP_TOO_LARGE' }));
  expect(() => compilePolicy(policy)).toThrow(SeccompError);
});
