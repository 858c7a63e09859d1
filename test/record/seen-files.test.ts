/** The accesses that are made of calls that name files. */
import { describe, expect, test } from 'vitest';
import type { FileAccess } from '../../lib/landlock/paths/prediction.js';
import { bitsOf, GRANTS } from '../../lib/landlock/paths/rights.js';
import { filesOf, purposeOf, seenAccesses } from '../../lib/record/paths/seen-files.js';
import { syscallNumber } from '../../lib/syscalls/table.js';

const plain = { kind: 'open', what: 'file', read: false, write: false, truncate: false } as const;

describe('calls that name files', () => {
  const [O_RDWR, O_CREAT, O_PATH] = [2, 0o100, 0o10000000] as const;
  const found = (path: string, type: string) => ({ path: Buffer.from(path), type, lineage: '' });
  const call = (syscall: string, flags: number, path: string, type: string, target = found('', '?'), pid = 1) => ({
    count: 3,
    kind: {
      ...{ arch: 0xc000_003e, number: syscallNumber('x86_64', syscall) ?? -1, answer: 0, pid, tid: 1, flags },
      ...{ executable: Buffer.of(), instruction: Buffer.of(), captured: [], args: [0n, 0n, BigInt(flags), 0n, 0n, 0n] },
      files: [{ text: Buffer.from(path), base: Buffer.from('/'), file: found(path, type), target }],
    },
  });

  test('are accesses with their needs and their number', () => {
    expect(seenAccesses([call('openat', 0, '/none/a', '-')], '/')).toEqual([
      {
        access: { ...plain, path: '/none/a', read: true },
        needs: [{ path: '/none/a', rights: bitsOf('READ_FILE') }],
        count: 3,
        fallback: false,
      },
    ]);
    expect(seenAccesses([call('execve', 0, '/none/a', 'x')], '/').map(({ access }) => access)).toEqual([
      { kind: 'execute', path: '/none/a' },
    ]);
  });

  test('are none if Landlock is not asked: for a descriptor of a path, or a file that is missing', () => {
    const calls = [call('openat', O_PATH, '/none/a', '-'), call('openat', 0, '/none/a', '0')];
    expect(seenAccesses([...calls, call('openat', O_PATH, '/none', 'd')], '/')).toEqual([]);
  });

  test.each([
    ['/dev/ptmx', true],
    ['/dev/pts/ptmx', true],
    ['/dev/ptmx2', false],
  ])('that open %s open a terminal: %s', (path, isTerminal) => {
    const [seenAccess] = seenAccesses([call('openat', O_RDWR, path, 'c')], '/');
    const rights = bitsOf('READ_FILE', 'WRITE_FILE');
    expect(seenAccess?.needs).toEqual([
      { path, rights },
      ...(isTerminal ? [{ path: '/dev/pts', rights: GRANTS.write }] : []),
    ]);
  });

  const O_NONBLOCK = 0o4000;
  const ofProcess = (name: string, pid = 1, flags = 0) => call('openat', flags, name, '-', undefined, pid);
  test.each([
    [[ofProcess('/proc/1/maps')], true],
    [[ofProcess('/proc/1/maps', 2)], false],
    [[ofProcess('/proc/1/task/1/maps')], true],
    [[ofProcess('/proc/1/status')], false],
    [[ofProcess('/proc/1/maps', 1, O_RDWR)], false],
    [[ofProcess('/sys/fs/cgroup/memory.max'), ofProcess('/proc/1/cgroup')], true],
    [[ofProcess('/sys/fs/cgroup/memory.max', 2), ofProcess('/proc/1/cgroup')], false],
    [[ofProcess('/sys/fs/cgroup/memory.max', 1, O_RDWR), ofProcess('/proc/1/cgroup')], false],
    [[ofProcess('/sys/fs/other'), ofProcess('/proc/1/cgroup')], false],
    [[ofProcess('/dev/tty', 1, O_RDWR | O_NONBLOCK)], true],
    [[ofProcess('/dev/tty', 1, O_RDWR)], false],
  ])('are fallbacks if runtimes do without: case %#', (calls, fallback) => {
    expect(seenAccesses(calls, '/').at(0)?.fallback).toBe(fallback);
  });

  test('make the file to which a link leads, where there is none', () => {
    const made = call('openat', O_RDWR | O_CREAT, '/none/link', 'l', found('/other/file', '0'));
    expect(seenAccesses([made], '/').map(({ needs }) => needs)).toEqual([
      [{ path: '/other', rights: bitsOf('MAKE_REG', 'READ_FILE', 'WRITE_FILE') }],
    ]);
  });
});

test.each<[FileAccess, string]>([
  [{ ...plain, path: '/x', read: true }, 'read'],
  [{ ...plain, path: '/x' }, 'read'],
  [{ ...plain, path: '/x', write: true }, 'write'],
  [{ ...plain, path: '/x', read: true, truncate: true }, 'write'],
  [{ ...plain, path: '/x', read: true, what: 'missing' }, 'write'],
  [{ ...plain, path: '/x', what: 'temporary' }, 'write'],
  [{ kind: 'execute', path: '/x' }, 'execute'],
  [{ kind: 'remove', path: '/x', what: 'file' }, 'write'],
  [{ kind: 'truncate', path: '/x' }, 'write'],
])('%o is to %s', (access, purpose) => {
  expect(purposeOf(access)).toBe(purpose);
});

test('an access has one file, or two if a file gets another name', () => {
  const [from, to, what] = ['/a', '/b', 'file'] as const;
  expect(filesOf({ kind: 'rename', from, to, what })).toEqual(['/a', '/b']);
  expect(filesOf({ kind: 'exchange', from, to, what, other: what })).toEqual(['/a', '/b']);
  expect(filesOf({ kind: 'link', from, to, what })).toEqual(['/a', '/b']);
  expect(filesOf({ kind: 'truncate', path: '/a' })).toEqual(['/a']);
});
