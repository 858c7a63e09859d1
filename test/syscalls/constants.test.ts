/** Constants: as the headers have them, and as Node has them for this machine. */
import { constants as files, readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { inspect, types } from 'node:util';
import { expect, test } from 'vitest';
import { ABIS } from '../../lib/syscalls/abi.js';
import { constantNames, constantOn, constants, isErrno } from '../../lib/syscalls/constants.js';
import { abiValues, missingHeaders, namesFile, unsigned } from '../../scripts/generate/constants.js';

const missing = missingHeaders();

// test/slow/constants.test.ts compares those of all ABIs, and the files.
test('have the values of the headers on x86_64 and mips64, and only values that these have', ({ skip }) => {
  skip(missing !== undefined, `no ${missing}`);
  const abis = ['x86_64', 'mips64'] as const;
  const headers = abiValues(abis);
  for (const abi of abis) {
    const values = headers.get(abi) ?? new Map<string, bigint>();
    const known = constantNames().filter((name) => constantOn(abi, name) !== undefined);
    const theirs = known.map((name) => [name, Number(unsigned(values.get(name) ?? -2n))]);
    expect(
      known.map((name) => [name, constantOn(abi, name)]),
      'run `npm run generate -- syscalls`',
    ).toEqual(theirs);
    expect(known.length).toBeGreaterThan(1500);
  }
});

test('the type of names has every syscall', () => {
  const text = readFileSync(new URL('../../lib/syscalls/generated/names.ts', import.meta.url), 'utf8');
  expect(text, 'names.ts is out of date: run `npm run generate -- syscalls`').toContain(namesFile(''));
});

test('agree with Node on x86_64', ({ skip }) => {
  skip(process.platform !== 'linux' || process.arch !== 'x64', 'needs Linux on x86_64');
  const known = new Set(constantNames());
  // libc's O_LARGEFILE is 0 where all files are large; Node's UV_ names are not the kernel's.
  const theirs = [...Object.entries(system.errno), ...Object.entries(system.signals), ...Object.entries(files)].filter(
    ([name, value]) => known.has(name) && typeof value === 'number' && name !== 'O_LARGEFILE',
  );
  expect(theirs.length).toBeGreaterThan(110);
  expect(Object.fromEntries(theirs.map(([name]) => [name, constantOn('x86_64', name)]))).toEqual(
    Object.fromEntries(theirs),
  );
});

test('have the values that architectures are known to differ by', () => {
  const values = (name: string) =>
    (['x86_64', 'aarch64', 'ppc64le', 'mips64', 'parisc', 's390x'] as const).map((abi) => constantOn(abi, name));
  expect(values('O_DIRECT')).toEqual([0o40000, 0o200000, 0o400000, 0o100000, 0o40000, 0o40000]);
  expect(values('SOCK_STREAM')).toEqual([1, 1, 1, 2, 1, 1]);
  expect(values('SOCK_NONBLOCK')).toEqual([0o4000, 0o4000, 0o4000, 0o200, 0x4000_0000, 0o4000]);
  expect(values('ENOSYS')).toEqual([38, 38, 38, 89, 251, 38]);
  expect(values('TCGETS')).toEqual([0x5401, 0x5401, 0x402c_7413, 0x540d, 0x4024_5410, 0x5401]);
  expect(values('ARCH_SET_FS')).toEqual([0x1002, undefined, undefined, undefined, undefined, undefined]);
});

test('`constants` is a plain frozen object', () => {
  expect(types.isProxy(constants)).toBe(false);
  expect(Object.getPrototypeOf(constants)).toBe(Object.prototype);
  expect(Object.isFrozen(constants)).toBe(true);
  expect(structuredClone(constants)).toEqual(constants);
  expect(inspect(constants)).toContain('AF_UNIX: 1,');
});

test('those of `constants` are the same everywhere, and negative ones have 32 bits', () => {
  const differing = Object.entries(constants).filter(([name, value]) =>
    [...ABIS.keys()].some((abi) => constantOn(abi, name) !== value),
  );
  expect(differing).toEqual([]);
  expect(constants.AT_FDCWD).toBe(0xffff_ff9c);
});

test('are undefined for unknown names', () => {
  expect(['NO_SUCH', 'constructor', '__proto__'].map((name) => constantOn('x86_64', name))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(['EPERM', 'E_NO', 'EPOLL_CTL_ADD', 'read'].map(isErrno)).toEqual([true, false, false, false]);
});
