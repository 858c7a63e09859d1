/** The table against tables that others made: libseccomp's numbers, and widths read from the headers by other code. */

import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { argumentsOf, argumentWidth, entryPoint, syscallsOf } from '../../lib/syscalls/table.js';

const data = new URL('../../../shared/data/', import.meta.url);
const numbersFile = new URL('libseccomp-syscalls.csv', data);
const widthsFile = new URL('syscall-arg-widths.json', data);
const skipped = (file: URL) => (existsSync(file) ? '' : ' (skipped: the reference is not in the repository)');

const abis = [...ABIS.keys()];

describe.skipIf(!existsSync(numbersFile))(`libseccomp's numbers${skipped(numbersFile)}`, () => {
  const [header = '', ...lines] = existsSync(numbersFile) ? readFileSync(numbersFile, 'utf8').trim().split('\n') : [];
  const columns = header.split(',');
  const rows = lines.map((line) => line.split(','));

  /** libseccomp has one column for both byte orders, and adds these to its numbers when it reads them. */
  const columnOf = (abi: AbiName) => columns.indexOf(abi.replace(/^(mips)el|^(ppc64)le|^(sh)eb/, '$1$2$3'));
  const bases: Partial<Record<AbiName, number>> = {
    x32: 0x4000_0000,
    mips: 4000,
    mipsel: 4000,
    mips64: 5000,
    mipsel64: 5000,
    mips64n32: 6000,
    mipsel64n32: 6000,
  };

  test.each(abis)('%s: same names, same numbers', (abi) => {
    // The reference is of Linux 7.1, the table of 6.18.
    const newer = new Set(['listns', 'rseq_slice_yield']);
    // PNR, "pseudo number", stands for a call that the ABI lacks: no number.
    const known = rows.filter((row) => /^\d+$/.test(row[columnOf(abi)] ?? '') && !newer.has(row[0] ?? ''));
    const theirs = known.map((row): [string, number] => [row[0] ?? '', Number(row[columnOf(abi)]) + (bases[abi] ?? 0)]);
    // libseccomp has the alias of arm's unistd.h only by its other name, arm_sync_file_range.
    const ours = [...syscallsOf(abi)].filter(([name]) => !(abi === 'arm' && name === 'sync_file_range2'));

    expect(theirs.length).toBeGreaterThan(300);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
  });
});

describe.skipIf(!existsSync(widthsFile))(`widths read from the headers by other code${skipped(widthsFile)}`, () => {
  interface Reference {
    readonly syscalls: Readonly<Record<string, readonly { readonly type: string; readonly bits: number }[]>>;
  }
  const reference: Reference = existsSync(widthsFile) ? JSON.parse(readFileSync(widthsFile, 'utf8')) : { syscalls: {} };

  /** Declared in several ways; the reference has one of them. */
  const ambiguous = new Set(['clone', 'fanotify_mark', 'sigsuspend']);

  test.each(abis)('%s: same widths', (abi) => {
    const { bits } = abiOf(abi);
    for (const name of syscallsOf(abi).keys()) {
      const entry = entryPoint(abi, name) ?? '';
      const theirs = reference.syscalls[entry];
      // One parameter in two registers: test/syscalls/table.test.ts.
      const isSplit = argumentsOf(abi, name)?.some((argument) => argument.name?.endsWith('_hi'));
      if (theirs === undefined || ambiguous.has(entry) || isSplit) continue;
      const widths = theirs.map((_, i) => argumentWidth(abi, name, i));
      expect(widths, `${name}: ${theirs.map(({ type }) => type).join(', ')}`).toEqual(
        theirs.map((argument) => Math.min(argument.bits, bits)),
      );
      expect(argumentsOf(abi, name), name).toHaveLength(theirs.length);
    }
  });

  test('every function of the reference is compared', () => {
    const entries = new Set(abis.flatMap((abi) => [...syscallsOf(abi).keys()].map((name) => entryPoint(abi, name))));
    const left = Object.keys(reference.syscalls).filter((entry) => !entries.has(entry));
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
