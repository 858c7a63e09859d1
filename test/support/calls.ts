/** Calls that tell filters apart: every number of an ABI, with argument values on both sides of every comparison. */
import type { Condition, Decision, Policy, PolicyCall } from '../../lib/policy/policy.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallName, syscallNumber, syscallsOf } from '../../lib/syscalls/table.js';
import { memoize } from '../../lib/util/memo.js';

const ALL_ONES = (1n << 64n) - 1n;
const ZEROS: readonly bigint[] = Array.from({ length: 6 }, () => 0n);
const ONES: readonly bigint[] = ZEROS.map(() => ALL_ONES);

/** The number of syscall numbers that are tried from the first one of an ABI on: twice as many as any ABI has. */
const ROW = 1024;

/** Syscall numbers on x86_64 at which one ABI ends and another begins. */
const BORDERS = [0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/** The maximum combinations of argument values for one syscall. */
const COMBINATIONS = 400;

/** Calls on `abis`, with arguments that reach every decision of `policies`. The same calls each time. */
export function callsOn(abis: readonly AbiName[], ...policies: readonly Policy[]): Generator<PolicyCall> {
  return callsTo(abis, numbersOf, policies);
}

/** The calls with numbers for which the policies have decisions, and with the numbers beside these. */
export function callsAbout(abis: readonly AbiName[], ...policies: readonly Policy[]): Generator<PolicyCall> {
  const decided = (arch: number) =>
    policies.flatMap((policy) =>
      policy.abis
        .filter(({ abi }) => abi.audit === arch)
        .flatMap(({ syscalls, ranges = [] }) => [
          ...syscalls.keys(),
          ...ranges.flatMap(({ first, last }) => [first, last]),
        ]),
    );
  return callsTo(abis, (arch) => withNeighbors(decided(arch)), policies);
}

/** All calls that the policy decides by their arguments, and a part of the others, which are many and alike. */
export function tellingCalls(abis: readonly AbiName[], policy: Policy): Generator<PolicyCall> {
  const byArguments = new Set(
    policy.abis.flatMap(({ syscalls }) =>
      [...syscalls].flatMap(([number, all]) => (all.some((each) => each.conditions.length > 0) ? [number] : [])),
    ),
  );
  const some = (arch: number) => [...numbersOf(arch)].filter((number, i) => i % 15 === 0 || byArguments.has(number));
  return callsTo(abis, some, [policy]);
}

function* callsTo(
  abis: readonly AbiName[],
  numbers: (arch: number) => Iterable<number>,
  policies: readonly Policy[],
): Generator<PolicyCall> {
  for (const arch of new Set(abis.map((abi) => abiOf(abi).audit))) {
    const tables = policies.flatMap((policy) => policy.abis.filter(({ abi }) => abi.audit === arch));
    const multiplexers = multiplexersOf(arch);
    for (const number of numbers(arch)) {
      const decisions = tables.flatMap(({ syscalls }) => syscalls.get(number) ?? []);
      for (const args of argumentsFor(number, decisions)) yield { arch, number, args };
      if (multiplexers.has(number)) for (const args of SUBCALLS) yield { arch, number, args };
    }
  }
}

/** socketcall and ipc, whose first argument selects a call. Source: linux/net.h, linux/ipc.h. */
const SUBCALLS = Array.from({ length: 32 }, (_, subcall) => ZEROS.with(0, BigInt(subcall)));

function multiplexersOf(arch: number): ReadonlySet<number | undefined> {
  const names = abisOf(arch);
  return new Set(names.flatMap((abi) => ['socketcall', 'ipc'].map((name) => syscallNumber(abi, name))));
}

const abisOf = (arch: number) => [...ABIS.values()].filter(({ audit }) => audit === arch).map(({ name }) => name);

/** Thousands of numbers, for which most tests ask again and again. */
const numbersOf = memoize((arch: number): ReadonlySet<number> => {
  const known = abisOf(arch).map((abi) => [...syscallsOf(abi).values()].toSorted((a, b) => a - b));
  const rows = [0, ...known.map(([first = 0]) => first)].flatMap((first) => row(first));
  return new Set([...rows, ...withNeighbors(known.flat())]);
});

function withNeighbors(numbers: readonly number[]): ReadonlySet<number> {
  const around = numbers.flatMap((number) => [number - 1, number, number + 1]);
  return new Set([...around, ...BORDERS].filter((number) => number >= 0 && number < 2 ** 32));
}

function row(first: number): readonly number[] {
  return Array.from({ length: ROW }, (_, i) => first + i);
}

/** If none are compared, either zeros or ones: enough among thousands of such numbers. */
function* argumentsFor(number: number, decisions: readonly Decision[]): Generator<readonly bigint[]> {
  const conditions = decisions.flatMap((decision) => decision.conditions);
  if (conditions.length === 0) {
    yield number % 2 === 0 ? ZEROS : ONES;
    return;
  }
  yield ZEROS;
  yield ONES;
  const values = ZEROS.map((_, index) => [
    ...new Set(conditions.filter((condition) => condition.index === index).flatMap(valuesAround)),
  ]);
  yield* sweeps(decisions, values);
  yield* combinations(values.map((list) => (list.length === 0 ? [0n, ALL_ONES] : [...list, 0n, ALL_ONES])));
}

/** Arguments for which a decision holds, and then one of them at a time with its other values. */
function* sweeps(decisions: readonly Decision[], values: readonly (readonly bigint[])[]): Generator<readonly bigint[]> {
  for (const { conditions } of decisions) {
    const taken = conditions.reduce((args, condition) => args.with(condition.index, taking(condition)), ZEROS);
    yield taken;
    for (const [index, list] of values.entries()) for (const value of list) yield taken.with(index, value);
  }
}

/** All combinations of `values`, or a sample if there are too many. */
function* combinations(values: readonly (readonly bigint[])[]): Generator<readonly bigint[]> {
  const count = values.reduce((product, { length }) => product * length, 1);
  // A stride that has no common divisor with the number of combinations, so that no combination repeats.
  const stride = count <= COMBINATIONS ? 1 : 7919 * Math.ceil(count / COMBINATIONS / 7919) + 1;
  for (let i = 0; i < Math.min(count, COMBINATIONS); i++) {
    let rest = (i * stride) % count;
    yield values.map((list) => {
      const value = list[rest % list.length] ?? 0n;
      rest = Math.floor(rest / list.length);
      return value;
    });
  }
}

/** A value for which the condition holds, if there is one. */
function taking({ op, value, width }: Condition): bigint {
  const off = op === 'ne' || op === 'gt' ? 1n : op === 'lt' ? -1n : 0n;
  return BigInt.asUintN(width, value + off);
}

/**
 * A condition's constant and mask: their values, both halves of them plus and minus one, and with single bits changed.
 */
function valuesAround(condition: Condition): readonly bigint[] {
  const { value } = condition;
  const constants = condition.op === 'masked-eq' ? maskedConstants(value, condition.mask) : [value];
  return constants
    .flatMap((n) => [
      n,
      n + 1n,
      n - 1n,
      n + (1n << 32n),
      n - (1n << 32n),
      n | (1n << 32n),
      n ^ 0x10000n,
      n ^ (1n << 63n),
    ])
    .map((n) => BigInt.asUintN(64, n));
}

function maskedConstants(value: bigint, mask: bigint): readonly bigint[] {
  const digits = mask.toString(2);
  const highest = mask === 0n ? 0n : 1n << BigInt(digits.length - 1);
  return [value, value | BigInt.asUintN(64, ~mask), mask, value ^ (mask & -mask), value ^ highest];
}

/** Writes a call: `x86 socket(0x28, 0x0, …)`, or with its number if it has no name. */
export function showCall({ arch, number, args }: PolicyCall): string {
  const sharing = abisOf(arch);
  const named = sharing.find((abi) => syscallName(abi, number) !== undefined) ?? sharing[0];
  const name = named === undefined ? undefined : syscallName(named, number);
  const hex = args.map((value) => `0x${value.toString(16)}`).join(', ');
  return `${named ?? `ABI 0x${arch.toString(16)}`} ${name ?? ''}[${number}](${hex})`;
}
