/** The table against tables that others made: libseccomp's numbers, and widths read from the headers by other code. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ABIS, abiOf } from '../../lib/syscalls/abi.js';
import { argumentsOf, argumentWidth, entryPoint, syscallsOf } from '../../lib/syscalls/table.js';
import { describeUnless } from '../support/describe-unless.js';
import { libseccompNames, libseccompObstacle } from '../support/libseccomp.js';

const abis = [...ABIS.keys()];

/**
 * The first of the numbers that libseccomp 2.6.0 does not have yet: open_tree_attr's. Syscalls that are so new have the
 * same number on all ABIs, beginning at the ABI's first.
 */
const NEWER = 467;

const OMITTED: ReadonlySet<string> = new Set([
  'uprobe', // Newer, with the number of an older syscall.
  'memfd_secret of loongarch64', // Likewise: Linux 7.2 added it there.
  'sync_file_range2 of arm', // The alias of unistd.h; libseccomp has the other name, arm_sync_file_range.
  '_llseek of parisc64', // A call of 32-bit kernels. libseccomp 2.6.0 has it, later versions do not.
]);

describeUnless(libseccompObstacle(), 'libseccomp', () => {
  test.each(abis)('has the same names with the same numbers on %s', (abi) => {
    const table = syscallsOf(abi);
    const first = Math.min(...table.values());
    const from = first - (first % (abi === 'x32' ? 0x4000_0000 : 1000));
    const isCompared = ([name, number]: readonly [string, number]) =>
      number < from + NEWER && !OMITTED.has(name) && !OMITTED.has(`${name} of ${abi}`);
    const ours = [...table].filter(isCompared);
    const theirs = [...libseccompNames(abi, from, from + NEWER)].filter(isCompared);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    expect(theirs.length).toBeGreaterThan(300);
  });
});

describe('widths read from the headers by other code', () => {
  /** Each kernel function's arguments: `unsigned int 32`. See test/data/README.md. */
  const reference: Readonly<Record<string, readonly string[]>> = JSON.parse(
    readFileSync(new URL('../data/argument-widths.json', import.meta.url), 'utf8'),
  );

  /** Declared in several ways; the reference has one of them. Newer kernels gave bpf two more arguments. */
  const ambiguous = new Set(['bpf', 'clone', 'fanotify_mark', 'sigsuspend']);

  test.each(abis)('%s: same widths', (abi) => {
    const { bits } = abiOf(abi);
    const compared = [...syscallsOf(abi).keys()].flatMap((name) => {
      const entry = entryPoint(abi, name) ?? '';
      const list = argumentsOf(abi, name);
      // One parameter in two registers: test/syscalls/table.test.ts.
      const isSplit = list?.some((argument) => argument.name?.endsWith('_hi'));
      const theirs = reference[entry];
      if (theirs === undefined || ambiguous.has(entry) || isSplit) return [];
      const widths = theirs.map((_, i) => argumentWidth(abi, name, i));
      const expected = theirs.map((argument) => Math.min(Number(argument.split(' ').at(-1)), bits));
      return [
        {
          ours: `${name}: ${list?.length} arguments of ${widths.join(', ')} bits`,
          theirs: `${name}: ${theirs.length} arguments of ${expected.join(', ')} bits`,
        },
      ];
    });
    expect(compared.filter(({ ours, theirs }) => ours !== theirs)).toEqual([]);
    expect(compared.length).toBeGreaterThan(250);
  });

  test('every function of the reference is compared', () => {
    const entries = new Set(abis.flatMap((abi) => [...syscallsOf(abi).keys()].map((name) => entryPoint(abi, name))));
    const left = Object.keys(reference).filter((entry) => !entries.has(entry));
    // The time32 twins, which differ behind pointers only: the table names the functions without the suffix.
    const others = left.filter((entry) => !/time32$/.test(entry));
    expect(others.sort()).toEqual([
      ...['gethostname'], // alpha and sparc have it
      ...['mmap_pgoff'], // mmap2 of x86, which arch headers declare alike
      ...['ni_posix_timers', 'ni_syscall'], // not syscalls
      ...['old_msgctl', 'old_semctl', 'old_shmctl'], // of the same widths as msgctl, semctl, shmctl
    ]);
  });
});
