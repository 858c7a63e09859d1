/** The interpreter, instruction by instruction. Source: linux/filter.h and seccomp(2). */
import { expect, test } from 'vitest';
import { BPF, decodeInstructions, encodeInstructions, type Instruction } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import type { PolicyCall } from '../../../lib/policy/policy.js';

const of = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const call: PolicyCall = {
  arch: 0xc000_003e,
  number: 0xffff_ffff,
  args: [0x1_0000_0002n, 0x3_0000_0004n, 0x5_0000_0006n, 0x7_0000_0008n, 0x9_0000_000an, 0xb_8000_000cn],
  instructionPointer: 0xd_0000_000en,
};

/** The value of the word at an offset, bit by bit: a filter returns only constants. */
function word(offset: number, endian: 'little' | 'big', each: PolicyCall = call): number {
  const hasBit = (bit: number) => {
    const program = [of(BPF.ld, offset), of(BPF.jset, bit, 0, 1), of(BPF.ret, 1), of(BPF.ret, 0)];
    return interpret(program, each, endian).value === 1;
  };
  return Array.from({ length: 32 }, (_, i) => (1 << i) >>> 0).reduce((sum, bit) => sum + (hasBit(bit) ? bit : 0), 0);
}

test('a load takes a word of struct seccomp_data, in the byte order of the machine', () => {
  const offsets = Array.from({ length: 16 }, (_, i) => 4 * i);
  const [number, arch] = [0xffff_ffff, 0xc000_003e];
  expect(offsets.map((offset) => word(offset, 'little'))).toEqual([
    ...[number, arch, 14, 13, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 0x8000_000c, 11],
  ]);
  expect(offsets.map((offset) => word(offset, 'big'))).toEqual([
    ...[number, arch, 13, 14, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x8000_000c],
  ]);
});

test('what a call lacks is 0, and a signed number is read as an unsigned one', () => {
  const bare = { arch: -1, number: -1, args: [] };
  expect([0, 4, 8, 12, 16, 60].map((offset) => word(offset, 'little', bare))).toEqual([
    ...[0xffff_ffff, 0xffff_ffff, 0, 0, 0, 0],
  ]);
});

test.each([1, 6, 64, 68, -4])('offset %i is refused', (offset) => {
  expect(() => interpret([of(BPF.ld, offset), of(BPF.ret, 0)], call, 'little')).toThrow(
    new RangeError(`no word at offset ${offset}`),
  );
});

test.each<[keyof typeof BPF, readonly boolean[]]>([
  ['jeq', [false, true, false]],
  ['jgt', [true, false, false]],
  ['jge', [true, true, false]],
])('%s compares the accumulator with a smaller, an equal and a greater constant, unsigned', (name, expected) => {
  const taken = (k: number) =>
    interpret([of(BPF.ld, 56), of(BPF[name], k, 1, 0), of(BPF.ret, 0), of(BPF.ret, 1)], call, 'little');
  // 0x8000000c, which is negative as a signed number.
  expect([0x0000_000c, 0x8000_000c, 0x8000_000d].map((k) => taken(k).value === 1)).toEqual(expected);
  expect(taken(0).steps).toBe(3);
});

test('a mask keeps bits of the accumulator, and a jump skips instructions', () => {
  const kept = [
    of(BPF.ld, 56),
    of(BPF.and, 0x8000_0004),
    of(BPF.jeq, 0x8000_0004, 0, 1),
    of(BPF.ret, 7),
    of(BPF.ret, 8),
  ];
  expect(interpret(kept, call, 'little')).toEqual({ value: 7, steps: 4 });
  const skipping = [of(BPF.ja, 1), of(BPF.ret, 1), of(BPF.ret, 2)];
  expect(interpret(skipping, call, 'little')).toEqual({ value: 2, steps: 2 });
});

test('a program without a return at its end, and an unknown instruction, are refused', () => {
  expect(() => interpret([of(BPF.ja, 0)], call, 'little')).toThrow('the filter runs past its end at 1');
  expect(() => interpret([of(BPF.ja, 0), of(0x87, 0)], call, 'little')).toThrow("can't follow instruction 0x87");
});

test.each(['little', 'big'] as const)('instructions are encoded and decoded in %s-endian order', (endian) => {
  const bytes = encodeInstructions([of(0x15, 0x0102_0304, 255, 7), of(0x06, 0xffff_fffe)], endian);
  expect(Buffer.from(bytes).toString('hex')).toBe(
    endian === 'little' ? '1500ff0704030201' + '06000000feffffff' : '0015ff0701020304' + '00060000fffffffe',
  );
  expect(decodeInstructions(bytes, endian)).toEqual([of(0x15, 0x0102_0304, 255, 7), of(0x06, 0xffff_fffe)]);
  expect(() => decodeInstructions(bytes.subarray(1), endian)).toThrow('must be a multiple of 8 bytes');
  for (const [jt, jf] of [
    [256, 0],
    [0, 256],
  ] as const)
    expect(() => encodeInstructions([of(0x15, 0, jt, jf)], endian)).toThrow('the jump at 0 is too long');
});
