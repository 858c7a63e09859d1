/** A program that changes what its calls name, between the report and the kernel's decision, changes no decision. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { spawnSync } from '../../../lib/index.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { compileC } from '../../support/compile-c.js';
import { describeUnless } from '../../support/describe-unless.js';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-racer-')));
afterAll(() => rmSync(place, { recursive: true }));
const [granted = '', secret = ''] = ['granted', 'secret!'].map((name) => join(place, name));
for (const [directory, content] of [
  [granted, 'granted'],
  [secret, 'secret'],
] as const) {
  mkdirSync(directory);
  writeFileSync(join(directory, 'file'), content);
}

describeUnless(pathsSupport().reason ?? undefined, 'reporting denied files', () => {
  test.each([
    ['memory', join(granted, 'file'), join(secret, 'file')],
    ['directory', granted, secret],
  ])('changes no decision when the %s changes', (what, ...names) => {
    const options = { paths: { read: ['@system', granted] }, encoding: 'utf8', timeout: 60_000 } as const;
    const reporting = { onViolation: true, reportPaths: true };
    const { stdout, stderr, violations } = spawnSync(
      compileC('../adversary/paths/racer.c'),
      [what, ...names],
      'docker-default',
      {
        ...options,
        ...reporting,
      },
    );
    const [reads = 0, leaks, failures = 0] = stdout.split(' ').map(Number);
    expect([stderr, leaks]).toEqual(['', 0]);
    expect(Math.min(reads, failures)).toBeGreaterThan(0);
    expect(violations).toContainEqual(expect.objectContaining({ deniedBy: 'paths', path: join(secret, 'file') }));
  });
});
