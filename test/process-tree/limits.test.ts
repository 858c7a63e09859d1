/** The option `limits`: the values that are accepted, and the errors for others. */
import { expect, test } from 'vitest';
import { byteSize, showByteSize } from '../../lib/process-tree/byte-size.js';
import { limitNames, readTreeLimits, valuesOf } from '../../lib/process-tree/limits.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const MEBI = 1n << 20n;

test.each<[unknown, bigint | undefined]>([
  [0, 0n],
  [2 ** 53 - 1, 2n ** 53n - 1n],
  [2n ** 64n, 2n ** 64n],
  ['512M', 512n * MEBI],
  ['512MB', 512n * MEBI],
  ['512MiB', 512n * MEBI],
  ['512m', 512n * MEBI],
  ['64K', 65_536n],
  ['1.5G', 1536n * MEBI],
  ['2T', 2n << 40n],
  ['0.3K', 307n],
  ['1.0000000000000000001G', 1024n * MEBI],
  ['1.05k', 1075n],
  ['9999999999999999999K', 9_999_999_999_999_999_999n << 10n],
  ['99999999999999999999K', undefined],
  ['1.K', undefined],
  ['x1K', undefined],
  ['512', undefined],
  ['512 M', undefined],
  ['-1M', undefined],
  ['1e3M', undefined],
  ['.5G', undefined],
  ['1P', undefined],
  ['1Mi', undefined],
  ['', undefined],
  [-1, undefined],
  [-1n, undefined],
  [0.5, undefined],
  [2 ** 53, undefined],
  [null, undefined],
])('the size %o is %o bytes', (value, bytes) => {
  expect(byteSize(value)).toBe(bytes);
});

test.each([
  [0n, '0 bytes'],
  [1000n, '1000 bytes'],
  [1536n, '1536 bytes'],
  [512n * MEBI, '512M'],
  [1n << 30n, '1G'],
  [3n << 40n, '3T'],
  [5n << 10n, '5K'],
  [(1n << 30n) + 1024n, '1048577K'],
  [1023n, '1023 bytes'],
])('%o bytes are shown as %s', (bytes, text) => expect(showByteSize(bytes)).toBe(text));

test.each<[object, readonly string[]]>([
  [{}, []],
  [{ memory: undefined }, []],
  [{ memory: '1M' }, ['memory']],
  [{ cpu: 0.01, processes: 1 }, ['processes', 'cpu']],
  [{ cpu: 8192, processes: 4_194_304, memory: 2n ** 63n - 1n, exact: true }, ['memory', 'processes', 'cpu']],
])('%o sets %o', (limits, names) => {
  const read = readTreeLimits(limits);
  expect(limitNames(read)).toEqual(names);
  expect(readTreeLimits(read)).toBe(read);
  expect(Object.isFrozen(read)).toBe(true);
});

test.each([
  [{ memory: '1M' }, { memory: MEBI }],
  [
    { cpu: 1, exact: false },
    { cpu: 1, exact: false },
  ],
  [
    { processes: 1, exact: true },
    { processes: 1, exact: true },
  ],
  [
    { processes: 1, exact: 'preferred' },
    { processes: 1, exact: 'preferred' },
  ],
] as const)('the values of %o are %o', (limits, values) => {
  expect(valuesOf(readTreeLimits(limits))).toEqual(values);
});

test.each<[unknown, string, string]>([
  [null, TYPE, "must be an object such as { memory: '512M', processes: 64 }, not null"],
  ['512M', VALUE, "must be an object such as { memory: '512M', processes: 64 }, not '512M'"],
  [[], TYPE, 'must be a plain object, not an array'],
  [{ memori: 1 }, VALUE, '.memori: is unknown (did you mean memory?)'],
  [{ time: 1000 }, VALUE, '.time: is unknown: time is limited by options.timeout'],
  [{ ram: 1 }, VALUE, '.ram: is unknown: the limits are memory, processes, cpu, and there is exact'],
  [
    { memory: '512' },
    VALUE,
    '.memory: must be a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024), not \'512\'',
  ],
  [{ memory: true }, TYPE, '.memory: must be a number of bytes'],
  [{ memory: -1 }, RANGE, '.memory: must be a number of bytes'],
  [{ memory: 2n ** 63n }, RANGE, '.memory: must be a number of bytes'],
  [{ memory: 512 }, RANGE, '.memory: must be at least 1M, and this is 512 bytes: no program starts in less'],
  [{ memory: 2 ** 20 - 1 }, RANGE, '.memory: must be at least 1M, and this is 1048575 bytes'],
  [{ memory: '1023K' }, RANGE, '.memory: must be at least 1M, and this is 1023K'],
  [{ memory: '8388608T' }, VALUE, '.memory: must be a number of bytes'],
  [{ uptime: 1 }, VALUE, '.uptime: is unknown: time is limited by options.timeout'],
  [{ processes: null }, TYPE, '.processes: must be an integer'],
  [{ cpu: 0.009 }, RANGE, '.cpu: must be a number of CPUs from 0.01'],
  [{ cpu: 8192.5 }, RANGE, '.cpu: must be a number of CPUs'],
  [{ exact: true, memory: undefined }, VALUE, '.exact: has no effect without'],
  [{ exact: 'prefer', cpu: 1 }, VALUE, ".exact: must be true, false or 'preferred', not 'prefer'"],
  [{ exact: null, cpu: 1 }, TYPE, ".exact: must be true, false or 'preferred', not null"],
  [{ processes: 0 }, RANGE, '.processes: must be an integer from 1 to 4,194,304, not 0'],
  [{ processes: 1.5 }, RANGE, '.processes: must be an integer from 1 to 4,194,304, not 1.5'],
  [{ processes: '5' }, VALUE, ".processes: must be an integer from 1 to 4,194,304, not '5'"],
  [{ processes: 4_194_305 }, RANGE, '.processes: must be'],
  [{ cpu: 0 }, RANGE, '.cpu: must be a number of CPUs from 0.01 to 8,192, not 0'],
  [{ cpu: Number.NaN }, RANGE, '.cpu: must be a number of CPUs'],
  [{ cpu: Number.POSITIVE_INFINITY }, RANGE, '.cpu: must be a number of CPUs'],
  [{ exact: 1, cpu: 1 }, TYPE, ".exact: must be true, false or 'preferred', not 1"],
  [{ exact: false }, VALUE, '.exact: has no effect without memory, processes or cpu: leave it out'],
])('%o is refused', (limits, code, message) => {
  const expected = expect.objectContaining({
    code,
    message: expect.stringContaining(`options.limits${message.startsWith('.') ? '' : ': '}${message}`),
  });
  expect(() => readTreeLimits(limits)).toThrow(expected);
});
