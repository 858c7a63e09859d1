/** The calls that probe() and the assertions make, from their names, groups and numbers. */
import { expect, test } from 'vitest';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { readCalls } from '../../lib/testing/calls.js';

const read = (calls: unknown) => readCalls(calls, 'x86_64').map(({ text, abi, number }) => [text, abi, number]);
const MOUNT = syscallNumber('x86_64', 'mount');

test('a call is given by its name, with arguments, and on another ABI', () => {
  expect(read('mount')).toEqual([['mount', 'x86_64', MOUNT]]);
  expect(read(['mount', { syscall: 'socket', args: [16, 3n], abi: 'x86' }])).toEqual([
    ['mount', 'x86_64', MOUNT],
    ['x86 socket(16, 3)', 'x86', syscallNumber('x86', 'socket')],
  ]);
  const [socket] = readCalls({ syscall: 'socket', args: [-1] }, 'x86_64');
  expect(socket?.args).toEqual([2n ** 64n - 1n, 0n, 0n, 0n, 0n, 0n]);
});

test('a group stands for its syscalls that the native ABI has', () => {
  const names = read('@mount').map(([name]) => name);
  expect(names).toContain('mount');
  expect(names).not.toContain('umount'); // Of 32-bit ABIs only.
  expect(new Set(read('@mount').map(([, abi]) => abi))).toEqual(new Set(['x86_64']));
});

test.each([
  [0, 'read', 0],
  [9999, 'syscall 9999', 9999],
  [-1, 'syscall -1', 0xffff_ffff],
  [-(2 ** 31), 'syscall -2147483648', 0x8000_0000],
  [2 ** 32 - 1, 'syscall 4294967295', 0xffff_ffff],
])('a number has 32 bits, signed or unsigned: %i', (number, text, expected) => {
  expect(read({ number })).toEqual([[text, 'x86_64', expected]]);
});

test.each<[unknown, string]>([
  [{ number: 2 ** 32 }, 'ERR_INVALID_ARG_VALUE'],
  [{ number: -(2 ** 31) - 1 }, 'ERR_INVALID_ARG_VALUE'],
  [{ number: 1.5 }, 'ERR_INVALID_ARG_VALUE'],
  [{ number: 0, args: {} }, 'ERR_INVALID_ARG_VALUE'],
  [{ number: 0, args: Array(7).fill(0) }, 'ERR_INVALID_ARG_VALUE'],
  [{ number: 0, syscall: 'read' }, 'ERR_INVALID_ARG_VALUE'],
  [{ syscall: 'mount', arg: [] }, 'ERR_INVALID_ARG_VALUE'],
  ['mout', 'ERR_INVALID_ARG_VALUE'],
  ['@mout', 'ERR_INVALID_ARG_VALUE'],
  [[], 'ERR_INVALID_ARG_VALUE'],
  [5, 'ERR_INVALID_ARG_TYPE'],
  [[null], 'ERR_INVALID_ARG_TYPE'],
])('%j is refused', (calls, code) => {
  expect(() => read(calls)).toThrow(expect.objectContaining({ code }));
});

test('a list has at most 2²⁰ calls', () => {
  expect(() => read(new Array(2 ** 20))).toThrow('calls[0]: is a hole');
  expect(() => read(new Array(2 ** 20 + 1))).toThrow('calls: has 1048577 elements, more than 1048576');
});
