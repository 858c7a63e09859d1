/** docs/reference/migration.md: the program that uses libseccomp denies what the profile beside it denies. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compare } from '../../lib/analysis/compare.js';
import { decompile } from '../../lib/filter/verify/decompile.js';
import { thisHost } from '../../lib/host.js';
import { arg } from '../../lib/profile/builder/argument.js';
import { Profile, stringify } from '../../lib/profile/profile.js';
import { loadProfile } from '../../lib/profile/source.js';
import { describeUnless } from '../support/describe-unless.js';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';
import { libseccompFilter, libseccompObstacle, runcRules } from '../support/libseccomp.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-migration-'));
afterAll(() => rmSync(folder, { recursive: true }));

const profile = Profile.denylist().deny('socket', arg(0).ne('AF_UNIX'), { errno: 'EACCES' });

describeUnless(libseccompObstacle(), 'libseccomp', () => {
  test('the C program of the page denies sockets that are not Unix sockets', () => {
    const code = blocksOf(textOfPage('docs/reference/migration.md')).find(({ language }) => language === 'c')?.code;
    const program = join(folder, 'before');
    writeFileSync(`${program}.c`, code ?? expect.fail('the page has no C program'));
    const [cc = '', ...options] = (process.env['CC'] ?? 'cc').split(' ');
    execFileSync(cc, [...options, '-Wall', '-Wextra', '-Werror', '-o', program, `${program}.c`, '-lseccomp']);
    const bind = "require('dgram').createSocket('udp4').on('error', ({ code }) => console.log(code)).bind(0).unref()";
    const { stdout } = spawnSync(program, [process.execPath, '-e', bind], { encoding: 'utf8', timeout: 20_000 });
    expect(stdout).toBe('EACCES\n');
  });

  test('libseccomp’s filter equals the profile that compares whole registers and kills threads', () => {
    const options = { argumentWidth: 64, foreignAction: 'kill-thread' } as const;
    const filter = decompile(libseccompFilter(runcRules(profile, thisHost())));
    expect(compare(filter, loadProfile(stringify(profile), options)).relation).toBe('equal');
    expect(compare(filter, profile).relation).not.toBe('equal');
  });
});
