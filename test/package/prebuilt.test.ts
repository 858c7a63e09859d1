/** The addons that scripts/build/prebuild.sh made. The script itself checks what they need of a machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compile } from '../../lib/index.js';
import { addonHostFlags } from '../support/addon-host.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/root.js';

const folder = (architecture: string) => join(packageRoot, 'out/prebuilds', `linux-${architecture}`);
const addon = join(folder(process.arch), 'seccomp.node');
const notMade = existsSync(addon) ? undefined : 'scripts/build/prebuild.sh was not run';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-prebuilt-'));
afterAll(() => rmSync(directory, { recursive: true }));

describeUnless(notMade, 'the prebuilt addon of this CPU', () => {
  test('loads in this Node, and is of this version', () => {
    const require = createRequire(import.meta.url);
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    expect((require(addon) as { version: string }).version).toBe(version);
  });

  test('starts a program under a filter in a process with musl', ({ skip }) => {
    skip(spawnSync('musl-gcc', ['--version']).error !== undefined, 'musl-gcc is not installed');
    const host = compileMuslHost();
    expect(execFileSync('readelf', ['--program-headers', host], { encoding: 'utf8' })).toMatch(
      /interpreter: .*ld-musl/,
    );
    const filter = join(directory, 'filter');
    writeFileSync(filter, compile('docker-default').bytes);
    const program = ['/usr/bin/python3', join(packageRoot, 'examples/blocked.py')];
    const { status, stdout, stderr } = spawnSync(host, [addon, filter, ...program], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^unshare {2}EPERM\n[\s\S]*getpid {3}allowed\n$/);
  });
});

function compileMuslHost(): string {
  const headers = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  const compiler = process.env['CC'];
  process.env['CC'] = `musl-gcc -idirafter /usr/include -idirafter /usr/include/${headers}`;
  try {
    return compileC('addon-host.c', ['-rdynamic', ...addonHostFlags(addon)]);
  } finally {
    if (compiler === undefined) delete process.env['CC'];
    else process.env['CC'] = compiler;
  }
}

/** The emulator of each CPU in qemu-user. */
const EMULATORS = {
  arm64: 'qemu-aarch64',
  loong64: 'qemu-loongarch64',
  ppc64: 'qemu-ppc64le',
  riscv64: 'qemu-riscv64',
  s390x: 'qemu-s390x',
  x64: 'qemu-x86_64',
};

describe.each(Object.entries(EMULATORS))('the launcher for %s', (architecture, emulator) => {
  const launcher = join(folder(architecture), 'seccomp-launch');
  const launch = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(emulator, [launcher, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  test('runs, and says whom it is for', ({ skip }) => {
    skip(!existsSync(launcher), 'scripts/build/prebuild.sh was not run for it');
    skip(spawnSync(emulator, ['--version']).error !== undefined, `${emulator} is not installed`);
    expect(launch('1', '2', '3')).toEqual({
      status: 125,
      stdout: '',
      stderr: 'seccomp-launch: only the npm package seccomp starts this program\n',
    });
  });
});
