/**
 * What Landlock does not check, with and without the denials for it. The domain handles the rights of the first Landlock
 * only, so that each way is open on any kernel that has Landlock.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compilePolicy } from '../../lib/filter/compile.js';
import { machineAbis, thisHost } from '../../lib/host.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { RIGHTS } from '../../lib/landlock/paths/rights.js';
import { denialsPolicy } from '../../lib/policy/confinement-denials.js';
import { type Denials, denialsFor, type LandlockGaps } from '../../lib/policy/denials.js';
import { errnoName } from '../../lib/syscalls/errno.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';

const directories: string[] = [];
afterAll(() => {
  for (const each of directories) rmSync(each, { recursive: true });
});

const OLDEST = Object.values(RIGHTS)
  .filter(({ abi }) => abi === 1)
  .reduce((bits, { bit }) => bits | bit, 0);

/** Results by the name of a way: `ok`, or an errno. A way that needs root is missing for other users. */
function attempts(denials: Denials | undefined): ReadonlyMap<string, string> {
  const filter = denials && compilePolicy(denialsPolicy(machineAbis(), denials));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(filter?.instructions.length ?? 0);
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gaps-'));
  directories.push(directory);
  const output = execFileSync(compileC('../adversary/landlock-gaps.c'), [directory, String(OLDEST)], {
    input: Buffer.concat([length, filter?.bytes ?? Buffer.alloc(0)]),
    encoding: 'utf8',
  });
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.split(': '));
  return new Map(lines.map(([name = '', errno]) => [name, errno === '0' ? 'ok' : errnoName(Number(errno))]));
}

type Gap = 'paths' | keyof LandlockGaps;

/** By what denies them: the ways that Landlock does not close, and the errnos of the denials. */
const WAYS: Readonly<Record<Gap, Readonly<Record<string, string>>>> = {
  /** Denied to every child with paths. */
  paths: {
    'open by handle': 'EPERM',
    'set attributes of a mount': 'EPERM',
    'set attributes of a mount by open_tree_attr': 'EPERM',
  },
  unixSockets: {
    'connect a socket': 'EAFNOSUPPORT',
    'send from a pair of datagrams': 'EAFNOSUPPORT',
    'connect one of a pair of datagrams': 'EAFNOSUPPORT',
    'connect one of a pair of raw sockets': 'EAFNOSUPPORT',
    'connect a socket of x86': 'EAFNOSUPPORT',
    'connect a socket by socketcall': 'EAFNOSUPPORT',
    'connect one of a pair by socketcall': 'EAFNOSUPPORT',
    'set up io_uring': 'ENOSYS',
  },
  truncation: {
    truncate: 'EACCES',
    'open for reading to truncate': 'EACCES',
    'open with mode 3 to truncate': 'EACCES',
    'openat2 to truncate': 'ENOSYS',
    'control a device by openat2': 'ENOSYS',
    'truncate of x86': 'EACCES',
    'truncate64 of x86': 'EACCES',
    'open of x86 for reading to truncate': 'EACCES',
    'set up io_uring': 'ENOSYS',
  },
  deviceIoctls: {
    'open with mode 3 to truncate': 'EACCES',
    'openat2 to truncate': 'ENOSYS',
    'control a device': 'EACCES',
    'control a device by openat2': 'ENOSYS',
    'set up io_uring': 'ENOSYS',
  },
};
const GAPS = Object.keys(WAYS) as readonly Gap[];

/** Needs of a user, of a CPU, of a kernel, or of its settings: these ways can be missing or closed anyway. */
const IS_RARE = /mount|handle|x86|socketcall|io_uring/;

const WORKING = [
  'use a pair of streams',
  'use a pair of packets',
  'make a TCP socket',
  'open for writing to truncate',
  'open for both to truncate',
  'creat',
  'ftruncate',
  'open for reading',
];

const NO_GAPS: LandlockGaps = { unixSockets: false, truncation: false, deviceIoctls: false };

const known = new Map<Gap, ReadonlyMap<string, string>>();

/** The results with the denials for one gap. */
function after(gap: Gap): ReadonlyMap<string, string> {
  const results =
    known.get(gap) ?? attempts(denialsFor(false, { ...NO_GAPS, ...(gap === 'paths' ? {} : { [gap]: true }) }));
  known.set(gap, results);
  return results;
}

function obstacle(): string | undefined {
  if (isolationSupport().by === null) return String(isolationSupport().reason);
  if (thisHost().abi.startsWith('mips')) return 'the numbers of the errnos are those of other CPUs';
  try {
    attempts(undefined);
    return undefined;
  } catch (error) {
    return `the program can't be compiled or run: ${String(error).slice(0, 200)}`;
  }
}

const reason = obstacle();
const before = reason === undefined ? attempts(undefined) : new Map<string, string>();

describeUnless(reason, 'under the oldest Landlock', () => {
  const ways = GAPS.flatMap((gap) => Object.entries(WAYS[gap]).map(([name, errno]) => [gap, name, errno] as const));

  test.each(GAPS)('what the denials of %s close is open without them', (gap) => {
    const found = Object.keys(WAYS[gap]).filter((name) => !IS_RARE.test(name));
    expect(found.map((name) => [name, before.get(name)])).toEqual(found.map((name) => [name, 'ok']));
  });

  test.for(ways)('the denials of %s close: %s', ([gap, name, errno], { skip }) => {
    skip(before.get(name) !== 'ok', `needs a user, CPU or kernel that can: ${name} (${before.get(name)})`);
    expect(after(gap).get(name)).toBe(errno);
  });

  test.each(GAPS)('the denials of %s close nothing else', (gap) => {
    const others = [...before].filter(([name]) => !(name in WAYS[gap] || name in WAYS.paths));
    expect(others.map(([name]) => [name, after(gap).get(name)])).toEqual(others);
  });

  test('all denials together close none of what programs need', () => {
    const all = attempts(denialsFor(true, { unixSockets: true, truncation: true, deviceIoctls: true }));
    expect(WORKING.map((name) => [name, all.get(name)])).toEqual(WORKING.map((name) => [name, 'ok']));
  });
});
