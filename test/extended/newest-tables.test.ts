/**
 * The tables against the newest kernel headers and the newest libseccomp that Debian has, which
 * scripts/checks/newest-tables.sh fetches. A failure shows what to add to scripts/generate/newer-syscalls.json.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ABIS, type AbiName } from '../../lib/syscalls/abi.js';
import { prototypesText } from '../../lib/syscalls/generated/arguments.js';
import { NEWEST_KERNEL } from '../../lib/syscalls/generated/numbers.js';
import { syscallsOf } from '../../lib/syscalls/table.js';
import { headerNumbers, headerPrototypes } from '../../scripts/generate/syscalls.js';
import { describeUnless } from '../support/describe-unless.js';
import { libseccompNames, libseccompObstacle } from '../support/libseccomp.js';

/** The root directory of the unpacked packages. */
const root = process.env['SECCOMP_TEST_NEWEST'] ?? '';
const obstacle = root === '' ? 'needs scripts/checks/newest-tables.sh' : undefined;

/** The ABI that Linux 6.19 dropped. The headers have no numbers for it. */
const DROPPED: AbiName = 's390';

/** Entry points that are declared in several ways, by the kernel's configuration. The tables have all of them. */
const AMBIGUOUS: ReadonlySet<string> = new Set(['clone', 'fanotify_mark', 'sigsuspend']);

/** Calls that libseccomp 2.6.1 lacks, although it has newer ones. */
const NOT_IN_LIBSECCOMP: ReadonlySet<string> = new Set([
  'arm sync_file_range2', // The alias of unistd.h; libseccomp has the other name, arm_sync_file_range.
  'parisc64 _llseek', // A call of 32-bit kernels.
  'loongarch64 memfd_secret', // Added by Linux 7.2; libseccomp's numbers are those of 7.1.
]);

const sorted = (numbers: ReadonlyMap<string, number>) =>
  [...numbers].map(([name, number]) => `${number} ${name}`).sort();

describeUnless(obstacle, 'the newest kernel headers', () => {
  const version = readFileSync(join(root, 'usr/include/linux/version.h'), 'utf8');
  const part = (name: string) => Number(new RegExp(`LINUX_VERSION_${name} (\\d+)`).exec(version)?.[1]);
  const numbers = headerNumbers(root);
  const prototypes = headerPrototypes(root);

  test('are of the kernel with which the tables end', () => {
    expect(NEWEST_KERNEL).toBe(`${part('MAJOR')}.${part('PATCHLEVEL')}`);
  });

  test.each([...numbers.keys()].filter((abi) => abi !== DROPPED))(
    'have the same calls with the same numbers on %s',
    (abi) => {
      expect(sorted(syscallsOf(abi))).toEqual(sorted(numbers.get(abi)?.numbers ?? new Map()));
    },
  );

  test('declare the same arguments', () => {
    const ours = new Map(
      [...prototypesText().matchAll(/^(\w+): (.*)$/gm)].map(([, entry = '', list = '']) => [entry, list]),
    );
    const types = (list: string) => list.replace(/(?<=[ *])\w+(?=, |$)/g, '');
    const differing = [...ours].flatMap(([entry, list]) => {
      const theirs = AMBIGUOUS.has(entry) ? list : (prototypes.get(entry) ?? list);
      return types(theirs) === types(list) ? [] : [{ entry, ours: list, theirs }];
    });
    expect(differing).toEqual([]);
    expect([...ours.keys()].filter((entry) => prototypes.has(entry)).length).toBeGreaterThan(350);
  });
});

describeUnless(obstacle ?? libseccompObstacle(), 'the newest libseccomp', () => {
  test.each([...ABIS.keys()])('has the same calls with the same numbers on %s', (abi) => {
    const ours = syscallsOf(abi);
    const first = Math.min(...ours.values());
    const from = first - (first % (abi === 'x32' ? 0x4000_0000 : 1000));
    const theirs = libseccompNames(abi, from, from + 1000);
    // Above these, x32 has the numbers of its own calls, and arm those of its private ones.
    const newest = Math.max(...[...theirs.values()].filter((number) => number < from + 512));
    expect(newest).toBeGreaterThan(from + 400);
    const isCompared = (name: string, number: number) =>
      (number <= newest || (abi === 'x32' && number >= from + 512)) && !NOT_IN_LIBSECCOMP.has(`${abi} ${name}`);
    const compared = [...ours].filter(([name, number]) => isCompared(name, number));
    expect(sorted(new Map(compared))).toEqual(sorted(theirs));
  });
});
