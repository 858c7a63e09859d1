/**
 * What most people want of `paths`: a program that works in a directory beneath the home directory, and reads nothing else
 * there. And what it does not promise: that a file which may be read is not run as a program.
 */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Paths } from '../../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { findNeeds } from '../../../lib/landlock/programs/program-needs.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { describeUnless } from '../../support/describe-unless.js';

const NOBODY = 65_534;
const own = process.getuid?.() ?? 0;
const CHILDREN = own === 0 ? [{}, { uid: NOBODY, gid: NOBODY }] : [{}];
const homes: string[] = [];
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A home directory with keys, and with a directory `work`, which belong to the child. */
function makeHome({ uid = own }: { readonly uid?: number }): string {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-home-')));
  homes.push(home);
  chmodSync(home, 0o755);
  for (const name of ['.ssh', 'work', 'work/read']) mkdirSync(join(home, name));
  for (const name of ['.ssh/id', 'work/file']) writeFileSync(join(home, name), `${name}\n`);
  for (const name of ['.', '.ssh', '.ssh/id', 'work', 'work/file', 'work/read'])
    if (own === 0) chownSync(join(home, name), uid, uid);
  return home;
}

describeUnless(pathsSupport().reason ?? undefined, 'in a home directory', () => {
  describe.each(CHILDREN)('a child with %o', (ids) => {
    const home = makeHome(ids);
    const key = join(home, '.ssh/id');
    const outputOf = (script: string, paths?: Paths) => {
      const options = {
        cwd: join(home, 'work'),
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      } as const;
      const { stdout, stderr } = spawnSync('sh', ['-c', script], 'docker-default', { ...options, ...ids, paths });
      return stdout + stderr;
    };
    const paths: Paths = { read: ['@system', '/proc'], write: ['.'] };

    test.each([
      ['cat ../.ssh/id', '.ssh/id'],
      [`cat ${key}`, '.ssh/id'],
      ['cat /proc/self/cwd/../.ssh/id', '.ssh/id'],
      ['cat "/proc/$$/root$PWD/../.ssh/id"', '.ssh/id'],
      ['ln -sf ../.ssh link && cat link/id', '.ssh/id'],
      ['ln -f ../.ssh/id hard && cat hard', '.ssh/id'],
      ['mkdir -p deep && mv ../.ssh deep/ssh && cat deep/ssh/id; mv deep/ssh ../.ssh', '.ssh/id'],
      ['cd ../.ssh && cat id', '.ssh/id'],
      ['ls ../.ssh', 'id'],
      ['ls ..', 'work'],
      ['echo written >../.ssh/id2 && cat ../.ssh/id2; rm ../.ssh/id2', 'written'],
      ['echo written >../new && cat ../new; rm ../new', 'written'],
      ['echo written >>../.ssh/id && echo written', 'written'],
    ])('can %s only without paths', (script, wanted) => {
      expect(outputOf(script)).toContain(`${wanted}\n`);
      expect(outputOf(script, paths)).toMatch(/Permission denied|Invalid cross-device link/);
      expect(outputOf(script, paths)).not.toContain(`${wanted}\n`);
    });

    test('can work in its directory', () => {
      expect(outputOf('echo a >a && cat a file && mv a b && rm b && ls', paths)).toMatch(/^a\nwork\/file\n[^:]*$/);
    });

    test('can run a file that it may only read by its loader, but not directly', ({ skip }) => {
      const [program, loader] = findNeeds(['/bin/echo', '/usr/bin/echo'], '/').needs;
      skip(program === undefined || loader === undefined, 'needs a program with a loader');
      if (program === undefined || loader === undefined) return;
      const copy = join(home, 'work/read/echo');
      copyFileSync(program, copy);
      chmodSync(copy, 0o755);
      const reading: Paths = { read: ['@system', 'read'] };
      expect(outputOf('read/echo ran', reading)).toMatch(/read\/echo: Permission denied/);
      expect(outputOf('read/echo ran', { ...reading, execute: ['read'] })).toBe('ran\n');
      chmodSync(copy, 0o644);
      expect(outputOf(`${loader} ./read/echo ran`, reading)).toBe('ran\n');
      expect(outputOf(`${loader} ./read/echo ran`, { read: ['@system'] })).toMatch(/Permission denied/);
    });
  });
});
