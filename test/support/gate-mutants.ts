/** Filters with an exec gate, and their mutants: each instruction changed in every way. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { BPF, encodeInstructions, type Instruction } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { type Filter, GATED_CALLS } from '../../lib/filter/filter.js';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { PolicyCall } from '../../lib/policy/policy.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { Host } from '../../lib/profile/resolve/resolve.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { call, numberOf, policyOfAny } from './arbitrary.js';

const SECRET = [0x1111_2222_3333_4444n, 0x5555_6666_7777_8888n, 0x9999_aaaa_bbbb_ccccn] as const;
const ALLOW = returnValue({ kind: 'allow' });

const killing: ProfileDocument = { defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] };
/** Arguments decide calls that have a gate as well, among them the arguments that carry its value. */
const checking: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' },
    { names: ['execve'], action: 'SCMP_ACT_LOG', args: [{ index: 3, value: 7, op: 'SCMP_CMP_GE' }] },
    {
      names: ['execve', 'seccomp'],
      action: 'SCMP_ACT_TRAP',
      args: [
        { index: 0, value: 0xff, valueTwo: 3, op: 'SCMP_CMP_MASKED_EQ' },
        { index: 4, value: 0, op: 'SCMP_CMP_NE' },
      ],
    },
  ],
};

export function gatedFilter(
  document: ProfileDocument,
  abi: AbiName,
  abis: readonly AbiName[],
  gate: readonly string[],
): Filter {
  const host: Host = { abi, abis, kernel: { major: 6, minor: 18 }, capabilities: new Set() };
  return compilePolicy(policyOfAny(document, host), { gate });
}

/** Filters by what is special about them. */
export const GATED_FILTERS: readonly (readonly [string, Filter])[] = [
  ['all is killed', gatedFilter(killing, 'x86_64', ['x86', 'x32'], ['execve', 'exit_group'])],
  ['arguments are checked', gatedFilter(checking, 'x86_64', [], GATED_CALLS)],
  ['the other byte order', gatedFilter(checking, 's390x', [], ['execve', 'exit_group'])],
];

const CODES: readonly number[] = [...Object.values(BPF), 0x00, 0x07, 0x16, 0x1d, 0x87, 0xb1];

function changes({ code, jt, jf, k }: Instruction): readonly Partial<Instruction>[] {
  const jumps = [jt - 1, jt + 1, 254, 255].flatMap((to) => [{ jt: to & 255 }, { jf: (to + jf - jt) & 255 }]);
  const constants = [0, 1, k - 1, k + 1, k - 4, k + 4, k ^ 0x8000_0000, ~k, 64].map((to) => ({ k: to >>> 0 }));
  return [...CODES.map((other) => ({ code: other })), { jt: jf, jf: jt }, ...jumps, ...constants].filter(
    (change) => JSON.stringify({ code, jt, jf, k, ...change }) !== JSON.stringify({ code, jt, jf, k }),
  );
}

/** Whether the kernel would accept an instruction, judged by that instruction alone. */
function isTaken({ code, jt, jf, k }: Instruction, at: number, length: number): boolean {
  const known: readonly number[] = Object.values(BPF);
  const tests: readonly number[] = [BPF.jeq, BPF.jgt, BPF.jge, BPF.jset];
  const skipped = code === BPF.ja ? k : tests.includes(code) ? Math.max(jt, jf) : 0;
  return (
    known.includes(code) &&
    (code === BPF.ret || at + 1 + skipped < length) &&
    (code !== BPF.ld || (k % 4 === 0 && k < 64))
  );
}

/** The program with the gate's value written into it, as the addon does. */
function opened(
  filter: Filter,
  instructions: readonly Instruction[],
  words: readonly bigint[],
): readonly Instruction[] {
  return filter.gate.reduce((program, { instruction, half }) => {
    const word = words[Math.floor(half / 2)] ?? 0n;
    const k = Number(BigInt.asUintN(32, half % 2 === 0 ? word : word >> 32n));
    const site = program[instruction];
    return site === undefined ? program : program.with(instruction, { ...site, k });
  }, instructions);
}

/** Calls with the gate's value, with parts of it, with a similar value, and without it. */
function callsOf(filter: Filter): readonly PolicyCall[] {
  const native = filter.policy.abis[0]?.abi;
  if (native === undefined) throw new Error('a filter has an ABI');
  const numbers = [...GATED_CALLS.map((name) => numberOf(native.name, name)), numberOf(native.name, 'write')];
  const almost = Array.from({ length: 192 }, (_, bit) =>
    SECRET.map((word, i) => (Math.floor(bit / 64) === i ? word ^ (1n << BigInt(bit % 64)) : word)),
  );
  const halves = Array.from({ length: 64 }, (_, set) =>
    SECRET.map((word, i) => {
      const kept = ((set >> (2 * i)) & 1 ? 0xffff_ffffn : 0n) | ((set >> (2 * i + 1)) & 1 ? 0xffff_ffffn << 32n : 0n);
      return word & kept;
    }),
  );
  const above = [SECRET.map((word) => word + 1n), SECRET.map((word) => word - 1n)];
  const gated = [SECRET, ...above, ...almost, ...halves].flatMap((secret) =>
    numbers.flatMap((number) =>
      [0n, 3n, 0x103n].map((first) => ({ arch: native.audit, number, args: [first, 0n, 0n, ...secret] })),
    ),
  );
  return [...gated, ...fc.sample(call(filter.policy), { numRuns: 400, seed: 1 })];
}

/**
 * Expects that no mutant of a filter which decides a call differently is proven. Tries one of `stride` changes of each
 * instruction, others for the next one.
 */
export function checkMutants(filter: Filter, stride: number): void {
  const endian = filter.policy.abis[0]?.abi.endian ?? 'little';
  const calls = callsOf(filter);
  const isGated = ({ arch, number }: PolicyCall) =>
    filter.policy.abis.some(
      ({ abi }) => abi.audit === arch && GATED_CALLS.some((name) => syscallNumber(abi.name, name) === number),
    );

  // A gate that does not open denies what the policy denies, which is no weaker.
  const meant = calls.map((each) => [
    returnValue(evaluate(filter.policy, each)),
    ...(isGated(each) && SECRET.every((word, i) => each.args[3 + i] === word) ? [ALLOW] : []),
  ]);

  /** A value of the gate for which the call that proveProgram() shows is decided differently than it may be. */
  function isReal(instructions: readonly Instruction[], shown: PolicyCall, returned: number): boolean {
    for (let set = 0; set < 64; set++) {
      const words = [3, 4, 5].map((index, i) => {
        const wrong = ((set >> (2 * i)) & 1 ? 0n : 1n) | ((set >> (2 * i + 1)) & 1 ? 0n : 1n << 32n);
        return (shown.args[index] ?? 0n) ^ wrong;
      });
      const goesThrough = set === 63 && isGated(shown);
      const right = goesThrough ? ALLOW : returnValue(evaluate(filter.policy, shown));
      if (interpret(opened(filter, instructions, words), shown, endian).value === returned && returned !== right)
        return true;
    }
    return false;
  }

  const count = { refused: 0, shown: 0, same: 0 };
  for (const [i, original] of filter.instructions.entries()) {
    for (const change of changes(original).filter((_, n) => (n + i) % stride === 0)) {
      const instructions = filter.instructions.with(i, { ...original, ...change });
      const what = `${i}: ${JSON.stringify(original)} → ${JSON.stringify(change)}`;
      const { policy, gate } = filter;
      const mutant = { policy, bytes: encodeInstructions(instructions, endian), gate };
      try {
        const result = proveProgram(mutant);
        expect(isTaken({ ...original, ...change }, i, instructions.length), `${what}: the kernel takes it`).toBe(true);
        if ('call' in result) {
          count.shown++;
          expect(isReal(instructions, result.call, result.returned), `${what}: the call is decided so`).toBe(true);
        } else {
          count.same++;
          const patched = opened(filter, instructions, SECRET);
          const missed = calls.find((each, n) => !meant[n]?.includes(interpret(patched, each, endian).value));
          expect(missed, `${what} was proven, and decides this call otherwise`).toBeUndefined();
        }
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        count.refused++;
      }
    }
  }
  const { length } = filter.instructions;
  expect(count.refused).toBeGreaterThan((5 * length) / stride);
  expect(count.shown).toBeGreaterThan(length / stride);
  // Constants of gates are overwritten. Fields that an instruction does not have, and some tests between two
  // values, change nothing.
  expect(count.same).toBeGreaterThan(0);
}
