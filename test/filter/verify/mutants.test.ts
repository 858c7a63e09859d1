/** Filters with an exec gate, changed in one instruction in every way: a change is rejected, or decides as before. */
import { describe, expect, test } from 'vitest';
import { BPF, encodeInstructions, type Instruction } from '../../../lib/filter/bpf/instruction.js';
import { proveProgram } from '../../../lib/filter/verify/prove.js';
import { returnValue } from '../../../lib/policy/action.js';
import { checkMutants, GATED_FILTERS, gatedFilter } from '../../support/gate-mutants.js';

describe.each(GATED_FILTERS)('of a filter whose gate is opened by a random value: %s', (_, filter) => {
  const endian = filter.policy.abis[0]?.abi.endian ?? 'little';

  // test/slow/mutants.test.ts tries all of them.
  test('no mutant that decides a call differently is proven, of a ninth of all', () => {
    checkMutants(filter, 9);
  });

  test.each([
    ['asks by another test', 0, { code: BPF.jge }],
    ['asks for another word', -1, { k: 16 }],
    ['jumps past the end', 0, { jt: 255 }],
  ])('that %s is refused', (__, step, change) => {
    const [site] = filter.gate;
    const at = (site?.instruction ?? 0) + step;
    const instructions = filter.instructions.map((each, i) => (i === at ? { ...each, ...change } : each));
    const { policy, gate } = filter;
    const mutant = { policy, bytes: encodeInstructions(instructions, endian), gate };
    expect(() => proveProgram(mutant)).toThrow(RangeError);
  });
});

test('an unreachable jump past the end is refused, as the kernel does', () => {
  const { policy } = gatedFilter({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }, 'aarch64', [], []);
  const program = (jf: number): readonly Instruction[] => [
    { code: BPF.ld, jt: 0, jf: 0, k: 4 },
    { code: BPF.jeq, jt: 1, jf: 0, k: 0xc000_00b7 },
    { code: BPF.ret, jt: 0, jf: 0, k: returnValue(policy.foreignAction) },
    { code: BPF.ld, jt: 0, jf: 0, k: 0 },
    { code: BPF.jge, jt: 0, jf, k: 0 },
    { code: BPF.ret, jt: 0, jf: 0, k: returnValue({ kind: 'allow' }) },
  ];
  const proof = (jf: number) => proveProgram({ policy, bytes: encodeInstructions(program(jf), 'little'), gate: [] });
  expect(proof(0)).not.toHaveProperty('call');
  expect(() => proof(1)).toThrow('instruction 4 jumps past the end');
});
