/** The prover: it finds every change of meaning, and every counterexample is real. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BPF, encodeInstructions, type Instruction } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { type CompiledFilter, compiledOf, type Filter } from '../../../lib/filter/filter.js';
import { proveProgram } from '../../../lib/filter/verify/prove.js';
import { returnValue } from '../../../lib/policy/action.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { PolicyCall } from '../../../lib/policy/policy.js';
import type { ProfileDocument } from '../../../lib/profile/document/types.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../../lib/profile/source.js';
import { call, host, policyOfAny, profile } from '../../support/arbitrary.js';

const x86: Host = { abi: 'x86_64', abis: ['x86', 'x32'], kernel: { major: 6, minor: 1 }, capabilities: new Set() };
const filterOf = (document: ProfileDocument, on = x86) => compilePolicy(policyOfAny(document, on));

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

function withInstructions(filter: Filter, instructions: readonly Instruction[]): CompiledFilter {
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

describe('proveProgram', () => {
  test('proves the compiled filters of random profiles', () => {
    const property = host.chain((on) => profile(on).map((document) => ({ on, document })));
    fc.assert(
      fc.property(property, ({ on, document }) => {
        expect(filterOf(document, on).proof).toMatchObject({ steps: expect.any(Number) });
      }),
      { numRuns: 500 },
    );
  });

  test('proves a filter with an exec gate, and nothing else opens it', () => {
    const policy = resolve(profileOf({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] }), x86);
    const filter = compilePolicy(policy, { gate: ['execve', 'exit_group'] });
    expect(filter.proof).not.toBeNull();
    const opened = filter.instructions.map((instruction, i) =>
      filter.gate[2]?.instruction === i ? { ...instruction, jf: instruction.jt } : instruction,
    );
    expect(proveProgram(withInstructions(filter, opened))).toMatchObject({ call: { number: expect.any(Number) } });
  });

  test.each([
    ['docker-default', () => compilePolicy(resolve(loadProfile('docker-default'), x86))],
    ['checks of every kind', () => filterOf(intricate)],
    ['checks of every kind, for one ABI', () => filterOf(intricate, { ...x86, abis: [] })],
  ])(
    'finds every mutant of one instruction that changes the meaning: %s',
    (_, make) => {
      const filter = make();
      const calls = fc.sample(call(filter.policy), { numRuns: 400, seed: 1 });
      const meant = calls.map((each) => returnValue(evaluate(filter.policy, each)));
      let found = 0;
      for (const { what, instructions } of mutants(filter.instructions)) {
        const result = proveProgram(withInstructions(filter, instructions));
        if ('call' in result) {
          found++;
          const message = `${what}: the call that prove shows is decided otherwise`;
          expect(returned(instructions, result.call), message).toBe(result.returned);
          expect(returnValue(evaluate(filter.policy, result.call)), message).toBe(returnValue(result.meant));
          expect(result.returned, message).not.toBe(returnValue(result.meant));
        } else {
          const missed = calls.find((each, i) => returned(instructions, each) !== meant[i]);
          expect(missed, `${what} was proven, and decides this call otherwise`).toBeUndefined();
        }
      }
      expect(found).toBeGreaterThan(filter.instructions.length);
    },
    120_000,
  );
});

// Merging 64-bit comparisons can go wrong in a chain that tests the high half of one rule and the low half of
// another.
// libseccomp 2.6.0 (GHSA-4q85-33p6-j5g6) and the pair of rules below are public examples.
test('finds an error of libseccomp with two rules on one syscall', ({ skip }) => {
  const program = join(mkdtempSync(join(tmpdir(), 'seccomp-')), 'libseccomp-filter');
  const source = fileURLToPath(new URL('../../../bench/libseccomp-filter.c', import.meta.url));
  if (spawnSync('cc', ['-o', program, source, '-lseccomp']).status !== 0) skip('libseccomp-dev is not installed');
  const input = 'default 50001\nrule 7fff0000 munmap 0 1 0 0\nrule 7fff0000 munmap 0 1 2 0 1 4 7 0\n';
  const bytes = execFileSync(program, { input });
  const args = [
    { index: 0, value: 2, op: 'SCMP_CMP_NE' as const },
    { index: 1, value: 7, op: 'SCMP_CMP_EQ' as const },
  ];
  const document: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['munmap'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0, op: 'SCMP_CMP_NE' }] },
      { names: ['munmap'], action: 'SCMP_ACT_ALLOW', args },
    ],
  };
  // libseccomp kills the thread for a foreign ABI.
  const policy = {
    ...resolve(profileOf(document, { newerCalls: 'default' }), { ...x86, abis: [] }),
    foreignAction: { kind: 'kill-thread' as const },
  };
  expect(proveProgram({ policy, bytes, gate: [] })).toMatchObject({
    call: { number: 11, args: expect.arrayContaining([0n]) },
    returned: 0x7fff_0000,
  });
});
