/** Compiles profiles with many conditions, and compares each filter with the evaluator: by proof, and by calls. */
import { expect } from 'vitest';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { Filter } from '../../lib/filter/filter.js';
import type { Action, Condition, Decision, Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { Host } from '../../lib/profile/resolve/resolve.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { policyOfAny } from './arbitrary.js';
import { checkEverywhere } from './everywhere.js';
import { intricateProfiles } from './intricate-profiles.js';
import { generator } from './policies.js';

/** The maximum number of steps of a proof, including the steps of decision diagrams that the proof abandoned. */
export const MOST_STEPS = 1_300_000;

/** Most policies have one ABI: policies with several take longer to check, and reveal few further errors. */
const MACHINES: readonly (readonly [AbiName, ...AbiName[]])[] = [
  ['x86_64', 'x86', 'x32'],
  ['x86_64'],
  ['s390x'],
  ['x86_64'],
  ['x86'],
  ['aarch64', 'arm'],
  ['x86_64'],
  ['ppc64le'],
];

/** Checks `count` profiles. Returns the steps of the longest proof. */
export function checkIntricate(seed: number, count: number, callsEach: number): number {
  const random = generator(seed);
  let most = 0;
  let i = 0;
  for (const document of intricateProfiles(seed, count)) {
    const [abi, ...abis] = MACHINES[i % MACHINES.length] ?? ['x86_64'];
    const host: Host = { abi, abis, kernel: { major: 6, minor: 18 }, capabilities: new Set() };
    const filter = compilePolicy(policyOfAny(document, host));
    const steps = filter.proof?.steps ?? Number.POSITIVE_INFINITY;
    expect(steps, `profile ${i} of seed ${seed}`).toBeLessThan(MOST_STEPS);
    most = Math.max(most, steps);
    checkCalls(filter, random, callsEach);
    i++;
  }
  return most;
}

/** Calls whose arguments are the values of conditions, the numbers next to them, and other numbers. */
export function checkCalls(filter: Filter, random: () => number, count: number): void {
  const calls = callsNear(filter.policy, random);
  for (let i = 0; i < count; i++) checkEverywhere(filter, calls());
}

function callsNear({ abis }: Policy, random: () => number): () => PolicyCall {
  const lists = abis.flatMap(({ abi, syscalls }) =>
    [...syscalls].flatMap(([number, decisions]) => {
      const values = decisions.flatMap(({ conditions }) => conditions.map(({ value }) => value));
      return values.length === 0 ? [] : [{ arch: abi.audit, number, values }];
    }),
  );
  const pick = <Each>(list: readonly Each[], or: Each) => list[Math.floor(random() * list.length)] ?? or;
  const anything = () => BigInt(Math.floor(random() * 2 ** 32)) | (BigInt(Math.floor(random() * 2 ** 32)) << 32n);
  const argument = (values: readonly bigint[]) =>
    random() < 0.1
      ? anything()
      : BigInt.asUintN(64, pick(values, 0n) + pick([0n, 0n, 0n, 1n, -1n, 1n << 32n, 1n << 63n], 0n));
  return () => {
    const { arch, number, values } = pick(lists, { arch: 0, number: 0, values: [] });
    return { arch, number, args: [0, 1, 2, 3, 4, 5].map(() => argument(values)) };
  };
}

const OPERATORS = {
  every: ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq'],
  orders: ['lt', 'ge'],
  masks: ['masked-eq'],
} as const;

/** Rules on one syscall, each with a condition on each of the first arguments. */
export interface Shape {
  readonly rules: number;
  readonly conditions: number;
  readonly ops: keyof typeof OPERATORS;
  /** The exclusive upper bound of values. */
  readonly end: number;
}

/** Makes a policy of rules of one shape, on mmap and on execve, or on other calls of x86_64. */
export function policyOfShape({ rules, conditions, ops, end }: Shape, numbers = [9, 59]): Policy {
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
        syscalls: new Map(numbers.map((number) => [number, decisions])),
      },
    ],
    defaultAction: errno(1),
    foreignAction: { kind: 'kill-process' },
  };
}

const errno = (number: number): Action => ({ kind: 'errno', errno: number });

/** Compiles and proves rules of one shape, without and with an exec gate, and compares the decisions of 300 calls. */
export function checkShape(shape: Shape): void {
  const filter = compilePolicy(policyOfShape(shape));
  expect(filter.proof?.steps).toBeLessThan(MOST_STEPS);
  checkCalls(filter, generator(1), 300);
  const gated = compilePolicy(policyOfShape(shape), { gate: ['execve'] });
  expect(gated.gate).toHaveLength(6);
  expect(gated.proof).not.toBeNull();
}
