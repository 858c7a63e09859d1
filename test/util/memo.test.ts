/** Functions that remember their results, and the keys by which values are remembered. */
import { expect, test, vi } from 'vitest';
import { memoize, once } from '../../lib/util/memo.js';
import { structuralKey } from '../../lib/util/structural-key.js';

test('once calls its function once, even if the value is undefined', () => {
  const make = vi.fn();
  const read = once(make);
  expect([read(), read(), make.mock.calls.length]).toEqual([undefined, undefined, 1]);
});

test('once calls its function again after an exception', () => {
  const make = vi.fn().mockReturnValue(5);
  make.mockImplementationOnce(() => {
    throw new Error('not yet');
  });
  const read = once(make);
  expect(read).toThrow('not yet');
  expect([read(), read(), make.mock.calls.length]).toEqual([5, 5, 2]);
});

test('memoize calls its function once for each key', () => {
  const make = vi.fn((key: number) => 10 * key);
  const read = memoize(make);
  expect([read(0), read(1), read(0), read(1)]).toEqual([0, 10, 0, 10]);
  expect(make.mock.calls).toEqual([[0], [1]]);
});

test('values of equal content have one key', () => {
  expect(structuralKey({ a: [1, 'x', 2n], b: { c: null } })).toBe(structuralKey({ a: [1, 'x', 2n], b: { c: null } }));
  expect(structuralKey({ a: 1, b: undefined })).toBe(structuralKey({ a: 1 }));
});

test('values of different content have different keys', () => {
  const values = [
    ...[null, undefined, true, false, 1, 1n, '1', '1n', 'null', '', 0, -1],
    ...[[], {}, [1], ['1'], [1, 2], ['1,2'], [[1], 2], [[1, 2]], [undefined], [null]],
    ...[{ a: 1 }, { a: '1' }, { a: 1n }, { a: null }, { b: 1 }, { a: { a: 1 } }, { a: [1] }, { a: 1, b: 2 }],
    ...[{ a: '1,b:2' }, 'a:1', '{a:1}', '[1]'],
  ];
  const keys = values.map(structuralKey);
  expect(new Set(keys).size).toBe(values.length);
});
