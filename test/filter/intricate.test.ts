/** Rules that overlap in many ways: they are compiled, proven in a bounded number of steps, and decided correctly. */
import { expect, test } from 'vitest';
import { BPF, encodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { compiledOf, type Filter } from '../../lib/filter/filter.js';
import { proveInLockstep, proveProgram } from '../../lib/filter/verify/prove.js';
import { checkIntricate, checkShape, policyOfShape, type Shape } from '../support/intricate.js';
import { SEED } from '../support/seed.js';

// test/slow/intricate.test.ts has 200 of these, and shapes with more rules.
test('2 random profiles of nine rules with up to six conditions each', () => {
  expect(checkIntricate(SEED, 2, 40)).toBeGreaterThan(10_000);
});

const SHAPES: readonly Shape[] = [
  { rules: 11, conditions: 6, ops: 'every', end: 30 },
  { rules: 40, conditions: 3, ops: 'masks', end: 256 },
  { rules: 50, conditions: 2, ops: 'orders', end: 2 ** 40 },
  { rules: 50, conditions: 1, ops: 'masks', end: 2 ** 31 },
];

test.each(SHAPES)(
  '$rules rules with $conditions conditions each, $ops, up to $end: compiled and proven, also with an exec gate',
  checkShape,
);

type Change = Partial<Filter['instructions'][number]>;

/** Whether a prover accepts a filter's program with one instruction changed. */
function isProven(filter: Filter, prover: typeof proveProgram, at: number, change: Change): boolean {
  const { policy, gate } = filter;
  const instructions = filter.instructions.map((each, i) => (i === at ? { ...each, ...change } : each));
  try {
    return !('call' in prover({ policy, bytes: encodeInstructions(instructions, 'little'), gate }));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The tests of arguments in a program, by their positions; those of the exec gate are left out. */
function argumentTests({ instructions, gate }: Filter) {
  const codes: readonly number[] = [BPF.jge, BPF.jgt];
  const inGate = new Set(gate.map(({ instruction }) => instruction));
  return [...instructions.entries()].filter(([at, { code }]) => codes.includes(code) && at > 6 && !inGate.has(at));
}

const changes = ({ jt, jf, k }: Filter['instructions'][number]): readonly Change[] => [
  { k: k + 1 },
  { jt: jf, jf: jt },
  { jt: jf },
];

const ordersOf = (rules: number) => policyOfShape({ rules, conditions: 6, ops: 'orders', end: 1000 }, [59]);

// The diagrams of so many rules are too large, so that the proof falls back to lockstep.
test('a changed program of many rules is not proven', () => {
  const filter = compilePolicy(ordersOf(26), { gate: ['execve'] });
  const proof = proveInLockstep(compiledOf(filter));
  const inLockstep = 'call' in proof ? Number.NaN : proof.steps;
  expect(inLockstep, 'lockstep tries no such diagrams').toBeLessThan((filter.proof?.steps ?? 0) / 2);
  const tests = argumentTests(filter);
  const [at, { k }] = tests[tests.length >> 1] ?? expect.fail('it tests no arguments');
  expect(isProven(filter, proveProgram, at, { k: k + 1 })).toBe(false);
});

test('a changed program of few rules is proven in lockstep only if its diagrams are equal too', () => {
  const filter = compilePolicy(ordersOf(4), { gate: ['execve'] });
  const all = argumentTests(filter).flatMap(([at, instruction]) =>
    changes(instruction).map((change) => ({ at, change, isEqual: isProven(filter, proveProgram, at, change) })),
  );
  const wrong = all.filter(({ at, change, isEqual }) => !isEqual && isProven(filter, proveInLockstep, at, change));
  expect(wrong).toEqual([]);
  expect(all.filter(({ isEqual }) => !isEqual).length).toBeGreaterThan(all.length / 2);
});

test('in lockstep, no half of an exec gate’s value may be left out', () => {
  const filter = compilePolicy(ordersOf(5), { gate: ['execve'] });
  expect(isProven(filter, proveInLockstep, 0, {})).toBe(true);
  const allow = filter.instructions.findLastIndex(({ code, k }) => code === BPF.ret && k === 0x7fff_0000);
  const last = filter.gate.at(-1)?.instruction ?? Number.NaN;
  for (const { instruction: at } of filter.gate) {
    const opened = at === last ? { jf: allow - at - 1 } : { jf: filter.instructions[at]?.jt ?? -1 };
    expect(isProven(filter, proveInLockstep, at, opened), String(at)).toBe(false);
  }
});

test('rules that make a filter longer than the kernel accepts are refused', () => {
  const policy = policyOfShape({ rules: 150, conditions: 6, ops: 'every', end: 2 ** 40 });
  const error = { name: 'SeccompError', code: 'ERR_SECCOMP_TOO_LARGE' };
  expect(() => compilePolicy(policy)).toThrowError(expect.objectContaining(error));
});
