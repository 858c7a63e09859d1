/** Programs that differ from a filter's in one instruction: the prover finds each that decides a call differently. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { BPF, encodeInstructions, type Instruction } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { type CompiledFilter, compiledOf, type Filter } from '../../lib/filter/filter.js';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { PolicyCall } from '../../lib/policy/policy.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { call, policyOfAny } from './arbitrary.js';

export const x86: Host = {
  abi: 'x86_64',
  abis: ['x86', 'x32'],
  kernel: { major: 6, minor: 1 },
  capabilities: new Set(),
};

/** Rules with checks of every width and operator, ranges, masks, several arguments and several rules. */
const intricate: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [
    { names: ['read', 'write', 'exit_group', 'execve'], action: 'SCMP_ACT_ALLOW' },
    {
      names: ['lseek'],
      action: 'SCMP_ACT_ALLOW',
      args: [
        { index: 1, value: 0x7fff_0000, op: 'SCMP_CMP_LE' },
        { index: 2, value: 2, op: 'SCMP_CMP_LT' },
      ],
    },
    {
      names: ['chmod'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 13,
      args: [{ index: 1, value: 0o6000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { names: ['chmod'], action: 'SCMP_ACT_LOG', args: [{ index: 1, value: 0o7000, op: 'SCMP_CMP_GE' }] },
    {
      names: ['brk'],
      action: 'SCMP_ACT_KILL_PROCESS',
      args: [
        { index: 0, value: 0x1000, op: 'SCMP_CMP_GT' },
        { index: 3, value: 7, op: 'SCMP_CMP_NE' },
      ],
    },
    {
      names: ['brk'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0xff00, valueTwo: 0x1200, op: 'SCMP_CMP_MASKED_EQ' }],
    },
  ],
};

/** Filters whose mutants are tried. */
export const FILTERS: readonly (readonly [title: string, make: () => Filter])[] = [
  ['docker-default', () => compilePolicy(resolve(loadProfile('docker-default'), x86))],
  ['checks of every kind', () => compilePolicy(policyOfAny(intricate, x86))],
  ['checks of every kind, for one ABI', () => compilePolicy(policyOfAny(intricate, { ...x86, abis: [] }))],
];

export function withInstructions(filter: Filter, instructions: readonly Instruction[]): CompiledFilter {
  return { ...compiledOf(filter), instructions, bytes: encodeInstructions(instructions, 'little') };
}

const TESTS: readonly number[] = [BPF.jeq, BPF.jge, BPF.jgt, BPF.jset];

/** The ways in which one instruction can be wrong: a field, an off-by-one, or another kind. */
function changes({ code, jt, jf, k }: Instruction): readonly Partial<Instruction>[] {
  if (code === BPF.ld) return [k - 4, k + 4, 0, 4].map((offset) => ({ k: offset }));
  if (code === BPF.and) return [0, 1, 2, 4, 8].map((shift) => ({ k: (k ^ (1 << shift)) >>> 0 }));
  if (code === BPF.ret) return [{ k: 0x7fff_0000 }, { k: 0x5_0001 }, { k: 0x8000_0000 }, { k: (k ^ 1) >>> 0 }];
  if (code === BPF.ja) return [{ k: k - 1 }, { k: k + 1 }];
  const constants = [k - 1, k + 1, k ^ 0x8000_0000, 0].map((to) => ({ k: to >>> 0 }));
  const jumps = [{ jt: jf, jf: jt }, { jt: jt - 1 }, { jt: jt + 1 }, { jf: jf - 1 }, { jf: jf + 1 }];
  return [...TESTS.map((other) => ({ code: other })), ...constants, ...jumps];
}

/** Every program that differs in one instruction and that the kernel would accept. */
function* mutants(program: readonly Instruction[]): Generator<{ what: string; instructions: readonly Instruction[] }> {
  for (const [i, original] of program.entries()) {
    const left = program.length - i - 2;
    for (const change of changes(original)) {
      const mutant = { ...original, ...change };
      const jumps = [mutant.jt, mutant.jf, mutant.code === BPF.ja ? mutant.k : 0];
      if (
        jumps.some((to) => to < 0 || to > Math.max(left, 0)) ||
        (mutant.code === BPF.ld && (mutant.k < 0 || mutant.k > 60))
      )
        continue;
      if (JSON.stringify(mutant) === JSON.stringify(original)) continue;
      yield { what: `${i}: ${JSON.stringify(change)}`, instructions: program.with(i, mutant) };
    }
  }
}

const returned = (instructions: readonly Instruction[], each: PolicyCall) =>
  interpret(instructions, each, 'little').value;

/** Expects that the prover finds every mutant that changes the meaning. Tries one of `stride` mutants. */
export function checkFound(filter: Filter, stride: number): void {
  const calls = fc.sample(call(filter.policy), { numRuns: 400, seed: 1 });
  const meant = calls.map((each) => returnValue(evaluate(filter.policy, each)));
  let found = 0;
  for (const [i, { what, instructions }] of [...mutants(filter.instructions)].entries()) {
    if (i % stride !== 0) continue;
    const result = proveProgram(withInstructions(filter, instructions));
    if ('call' in result) {
      found++;
      const message = `${what}: the call that prove shows is decided otherwise`;
      const [does, should] = [returned(instructions, result.call), returnValue(evaluate(filter.policy, result.call))];
      expect([does, should], message).toEqual([result.returned, returnValue(result.meant)]);
      expect(does, message).not.toBe(should);
    } else {
      const missed = calls.find((each, i) => returned(instructions, each) !== meant[i]);
      expect(missed, `${what} was proven, and decides this call otherwise`).toBeUndefined();
    }
  }
  expect(found).toBeGreaterThan(filter.instructions.length / stride);
}
