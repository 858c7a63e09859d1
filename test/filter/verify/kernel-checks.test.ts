/** The checks that the kernel makes of a filter before it attaches it, made before a proof. */
import { expect, test } from 'vitest';
import { BPF, type Instruction, MAX_INSTRUCTIONS } from '../../../lib/filter/bpf/instruction.js';
import { checkProgram } from '../../../lib/filter/verify/kernel-checks.js';

const of = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const RET = of(BPF.ret);
const returns = (count: number) => Array<Instruction>(count).fill(RET);
const check =
  (...program: readonly Instruction[]) =>
  () =>
    checkProgram(program, []);

test('a program has 1 to 4096 instructions', () => {
  expect(MAX_INSTRUCTIONS).toBe(4096);
  for (const count of [1, 4096]) expect(check(...returns(count))).not.toThrow();
  for (const count of [0, 4097])
    expect(check(...returns(count))).toThrow(`a filter has 1 to 4096 instructions, not ${count}`);
});

test('the last instruction is a return', () => {
  for (const last of [of(BPF.ld), of(BPF.and, 1)])
    expect(check(RET, last)).toThrow('the last instruction of a filter must be a return');
});

test('a load is of a whole word of struct seccomp_data', () => {
  for (const offset of [0, 4, 16, 60]) expect(check(of(BPF.ld, offset), RET)).not.toThrow();
  for (const offset of [1, 2, 62, 64, 68])
    expect(check(of(BPF.ld, offset), RET)).toThrow(`loads from offset ${offset}`);
});

test.each([
  ['ja', (skip: number) => of(BPF.ja, skip)],
  ['jeq, if equal', (skip: number) => of(BPF.jeq, 0, skip)],
  ['jeq, if not', (skip: number) => of(BPF.jeq, 0, 0, skip)],
  ['jgt', (skip: number) => of(BPF.jgt, 0, skip)],
  ['jge', (skip: number) => of(BPF.jge, 0, 0, skip)],
  ['jset', (skip: number) => of(BPF.jset, 0, skip)],
])('a jump ends at an instruction: %s', (_, jump) => {
  expect(check(jump(1), RET, RET)).not.toThrow();
  expect(check(jump(2), RET, RET)).toThrow('instruction 0 jumps past the end');
  expect(check(RET, jump(1), RET)).toThrow('instruction 1 jumps past the end');
});

test('other instructions of classic BPF are refused', () => {
  expect(check(RET, of(0x06 | 0x10), RET)).toThrow("can't follow instruction 0x16 at 1");
});

test('the exec gate is at comparisons for equality', () => {
  const program = [of(BPF.jeq), of(BPF.jgt), RET];
  expect(() => checkProgram(program, [{ instruction: 0, half: 0 }])).not.toThrow();
  expect(() => checkProgram(program, [{ instruction: 1, half: 0 }])).toThrow('instruction 1 belongs to the exec gate');
  expect(() => checkProgram(program, [{ instruction: 3, half: 0 }])).toThrow('instruction 3 belongs to the exec gate');
});
