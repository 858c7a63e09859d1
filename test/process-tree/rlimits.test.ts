/** Resource limits: the values that are accepted, and the numbers that setrlimit(2) gets. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  atMost,
  isRootOutside,
  limitAboveOurs,
  limitTriples,
  type ResourceLimits,
  type ResourceName,
  readLimits,
  refuseProcessLimitOfRoot,
} from '../../lib/process-tree/rlimits.js';

const MAX = 2n ** 64n - 1n;
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

test('each resource has its number of asm-generic/resource.h', () => {
  const limits: Record<ResourceName, number> = {
    ...{ cpu: 0, fsize: 1, data: 2, stack: 3, core: 4, rss: 5, nproc: 6, nofile: 7, memlock: 8, as: 9, locks: 10 },
    ...{ sigpending: 11, msgqueue: 12, nice: 13, rtprio: 14, rttime: 15 },
  };
  expect(limitTriples(limits)).toEqual(Object.values(limits).flatMap((n) => [n, BigInt(n), BigInt(n)]));
  expect(limitTriples(undefined)).toEqual([]);
});

test.each<[unknown, readonly [unknown, unknown]]>([
  [5, [5n, 5n]],
  [MAX, [MAX, MAX]],
  ['unlimited', [MAX, MAX]],
  [{ soft: 1, hard: 2n }, [1n, 2n]],
  [{ soft: 2, hard: 2 }, [2n, 2n]],
  [{ soft: 0, hard: 'unlimited' }, [0n, MAX]],
  [2n, [2n, 2n]],
  [Number.MAX_SAFE_INTEGER, [BigInt(Number.MAX_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)]],
])('a limit of %o is %o', (limit, expected) => {
  expect(limitTriples(readLimits({ nofile: limit }))).toEqual([7, ...expected]);
});

test.each<[unknown, string, string]>([
  [{ nofile: -1 }, RANGE, 'options.rlimits.nofile: must be an integer from 0 to 2⁶⁴ − 1'],
  [{ nofile: -1n }, RANGE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: MAX + 1n }, RANGE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: 2 ** 53 }, RANGE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: 0.5 }, RANGE, 'options.rlimits.nofile: must be an integer'],
  [{ data: '99999999T' }, VALUE, 'options.rlimits.data: must be a number of bytes'],
  [{ data: MAX + 1n }, RANGE, 'options.rlimits.data: must be a number of bytes'],
  [{ nofile: { soft: 1n, hard: 0 } }, RANGE, 'options.rlimits.nofile: must be a soft limit that is not above'],
  [{ processes: 5 }, VALUE, 'rttime; options.limits has processes'],
  [{ nofile: '64K' }, VALUE, 'options.rlimits.nofile: must be an integer'],
  [
    { data: '512' },
    VALUE,
    'options.rlimits.data: must be a number of bytes, or a text such as "512M", "1.5G" or "64KiB", with the unit K, M, G or T (powers of 1,024), "unlimited", or { soft, hard } of these, not \'512\'',
  ],
  [{ memory: '512M' }, VALUE, 'rttime; options.limits has memory'],
  [{ nofile: 'none' }, VALUE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: true }, TYPE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: null }, TYPE, 'options.rlimits.nofile: must be an integer'],
  [{ nofile: { soft: 1 } }, TYPE, 'options.rlimits.nofile: must be an integer'],
  [
    { nofile: { soft: 3, hard: 2 } },
    RANGE,
    'options.rlimits.nofile: must be a soft limit that is not above the hard one',
  ],
  [{ nofile: { soft: 'unlimited', hard: 2 } }, RANGE, 'options.rlimits.nofile: must be a soft limit that is not above'],
  [
    { nofile: { soft: 1, hard: 2, max: 3 } },
    VALUE,
    'options.rlimits.nofile.max: is unknown: a limit has soft and hard',
  ],
  [{ files: 1 }, VALUE, 'options.rlimits: unknown resource "files": the resources are cpu, fsize, data,'],
  [{ nofiles: 1 }, VALUE, 'options.rlimits: unknown resource "nofiles" (did you mean nofile?): the resources are cpu,'],
  [null, TYPE, 'options.rlimits: must be an object such as { nofile: 64 }'],
  [[], TYPE, 'options.rlimits: must be a plain object, not an array'],
])('%o is refused', (limits, code, message) => {
  expect(() => readLimits(limits)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test.each(['fsize', 'data', 'stack', 'core', 'rss', 'memlock', 'as', 'msgqueue'] as const)(
  '%s is a size, with or without a unit',
  (name) => {
    const [, soft, hard] = limitTriples(readLimits({ [name]: { soft: '1.5M', hard: 2 ** 21 } }));
    expect([soft, hard]).toEqual([1_572_864n, 2_097_152n]);
  },
);

test('a size is at most 2⁶⁴ − 1 bytes', () => {
  expect(limitTriples(readLimits({ data: '18014398509481983.9990234375K' }))).toEqual([2, MAX, MAX]);
  expect(() => readLimits({ data: '18014398509481984K' })).toThrow(expect.objectContaining({ code: VALUE }));
});

test('checked limits do not change with the object that was passed', () => {
  const limit = { soft: 1, hard: 2 };
  const given = { nofile: limit } satisfies ResourceLimits;
  const read = readLimits(given);
  limit.soft = 100;
  expect(limitTriples(read)).toEqual([7, 1n, 2n]);
});

test('a limit above the hard limit of this process is named', () => {
  const limits = readLimits({ cpu: 1, nofile: { soft: 1, hard: 'unlimited' } });
  expect(limitAboveOurs(limits)).toMatch(
    /^: options\.rlimits\.nofile: unlimited is above the hard limit of this process, \d+: give at most that, or/,
  );
  expect([limitAboveOurs(readLimits({ nofile: 1 })), limitAboveOurs(undefined)]).toEqual(['', '']);
});

test('a limit at the hard limit of this process is not above it, and one more is', () => {
  const [, most = ''] = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  const above = (hard: bigint) => limitAboveOurs(readLimits({ nofile: { soft: 1, hard } }));
  expect([above(BigInt(most)), above(BigInt(most) + 1n)]).toEqual([
    '',
    expect.stringContaining(
      `options.rlimits.nofile: ${BigInt(most) + 1n} is above the hard limit of this process, ${most}:`,
    ),
  ]);
});

test('a limit that raises nothing is the hard limit of this process at most', () => {
  const [, most = ''] = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  const limit = (value: number) => ({ soft: value, hard: value });
  expect(atMost('nofile', 2 ** 40)).toEqual(limit(Number(most)));
  expect(atMost('nofile', Number(most) - 1)).toEqual(limit(Number(most) - 1));
});

test.each<[unknown, unknown, boolean]>([
  [{ nproc: 5 }, 0, true],
  [{ nofile: 5, nproc: 5 }, 0, true],
  [{ nproc: 5 }, undefined, process.getuid?.() === 0],
  [{ nproc: 5 }, 1000, false],
  [{ nproc: 5 }, 1, false],
  [{ nofile: 5 }, 0, false],
  [Object.create({ nproc: 5 }), 0, false],
  [undefined, 0, false],
  [null, 0, false],
  ['nproc', 0, false],
])('the limits %o of the user %o are a limit on the processes of root: %o', (limits, uid, isRefused) => {
  const call = () => refuseProcessLimitOfRoot(limits, uid);
  const refusal = expect.objectContaining({
    code: 'ERR_SECCOMP_OPTION',
    message: expect.stringContaining('nproc: Linux'),
  });
  if (isRefused && isRootOutside()) expect(call).toThrow(refusal);
  else expect(call).not.toThrow();
});
