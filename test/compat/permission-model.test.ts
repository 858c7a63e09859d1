/** What docs/reference/node-permissions.md says of Node's permission model, of this package, and of both. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { describeUnless } from '../support/describe-unless.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-permission-'));
afterAll(() => rmSync(folder, { recursive: true }));
const app = join(folder, 'app');
const outside = join(folder, 'outside');
mkdirSync(app);
cpSync(fileURLToPath(new URL('permission-probe.cjs', import.meta.url)), join(app, 'probe.cjs'));
writeFileSync(outside, 'secret');
symlinkSync(outside, join(app, 'link'));

const PROBE = [join(app, 'probe.cjs'), outside];
const GRANTS = ['--no-warnings', '--permission', `--allow-fs-read=${app}`];
const ALLOWED = [...GRANTS, '--allow-child-process', '--allow-worker'];
const paths = { read: ['@system', '@node', app] };

/** What the program reports, without a profile. */
function plainly(nodeArgs: readonly string[]): unknown {
  return JSON.parse(nodeSpawnSync(process.execPath, [...nodeArgs, ...PROBE], { encoding: 'utf8' }).stdout);
}

/** What the program reports under a profile, with the same files granted by `paths`. */
function under(profile: string, nodeArgs: readonly string[]): unknown {
  return JSON.parse(spawnSync(process.execPath, [...nodeArgs, ...PROBE], profile, { encoding: 'utf8', paths }).stdout);
}

const isOld = Number.parseInt(process.versions.node, 10) < 24;

describeUnless(isOld ? 'needs Node 24, whose permission model the page describes' : undefined, 'a Node', () => {
  const DENIED = 'ERR_ACCESS_DENIED';

  test('with --permission is denied files, programs and threads, but not links and signals', () => {
    expect(plainly(GRANTS)).toEqual({
      ...{ file: DENIED, link: 'secret', parent: true },
      ...{ cat: DENIED, node: DENIED, nodeOfShell: DENIED, worker: DENIED },
    });
  });

  test('with --permission passes it on to a Node that it starts, but not to other programs, and to threads with options of their own', () => {
    expect(plainly(ALLOWED)).toEqual({
      ...{ file: DENIED, link: 'secret', parent: true },
      ...{ cat: 'secret', node: DENIED, nodeOfShell: 'secret\n', worker: 'secret' },
    });
  });

  test('under a profile and paths is denied all of that, as are its threads', () => {
    expect(under('node-no-exec', [])).toEqual({
      ...{ file: 'EACCES', link: 'EACCES', parent: 'EPERM' },
      ...{ cat: 'EACCES', node: 'EACCES', nodeOfShell: 'EACCES', worker: 'EACCES' },
    });
  });

  test('under paths passes these on to every program', () => {
    const denied = { cat: undefined, node: 'EACCES', nodeOfShell: 'EACCES', worker: 'EACCES' };
    expect(under('node', [])).toEqual({ file: 'EACCES', link: 'EACCES', parent: 'EPERM', ...denied });
  });

  test('with both gets Node’s denial first, and the kernel’s for what Node lets pass', () => {
    expect(under('node-no-exec', ALLOWED)).toEqual({
      ...{ file: DENIED, link: 'EACCES', parent: 'EPERM' },
      ...{ cat: 'EACCES', node: 'EACCES', nodeOfShell: 'EACCES', worker: 'EACCES' },
    });
  });
});
