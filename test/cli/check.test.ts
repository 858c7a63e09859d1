/** `seccomp check`: issues with their positions, and the exit status. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { main } from '../support/built.js';

const check = (...args: readonly string[]) => {
  const env = { ...process.env, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'check', ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
};

const file = join(mkdtempSync(join(tmpdir(), 'seccomp-check-')), 'p.json');
writeFileSync(
  file,
  '{\n"defaultAction": "SCMP_ACT_ERRNO",\n"syscalls": [{"names": ["openaat"], "action": "SCMP_ACT_ALLOW", "arg": []}]\n}',
);

test('prints nothing for a valid profile', () => {
  expect(check('docker-default')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('prints each issue in a line with its position, and exits 1 for errors', () => {
  expect(check('docker-default', file)).toEqual({
    status: 1,
    stdout:
      `warning ${file}:3:25: syscalls[0].names[0]: unknown syscall "openaat" (did you mean openat?); it is ignored\n` +
      `error ${file}:3:65: syscalls[0].arg: unknown key "arg" (did you mean args?)\n`,
    stderr: '',
  });
});

test('with --compat prints warnings only, and exits 0', () => {
  const { status, stdout } = check('--compat', file);
  expect([status, stdout.match(/^\w+/gm)]).toEqual([0, ['warning', 'warning']]);
});

test('reads the given format, and prints the issues as JSON', () => {
  const text = '{"defaultAction": "SCMP_ACT_LOG", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}';
  const { status, stdout } = check('--format', 'oci', '--json', text);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ profile: 'inline', issues: [{ severity: 'warning', path: 'archMap' }] }]);
});

test('exits 125 for a profile that does not exist', () => {
  expect(check('./nowhere.json')).toMatchObject({ status: 125, stdout: '', stderr: expect.stringContaining('ENOENT') });
});

test('checks the other profiles if one does not exist', () => {
  for (const format of [[], ['--json']]) {
    const { status, stdout, stderr } = check(...format, 'nonexistent', '--', file, './nowhere.json');
    expect(status).toBe(125);
    expect(stdout).toContain('unknown key');
    expect(stderr).toMatch(/^seccomp: unknown built-in profile "nonexistent".*\nseccomp: \.\/nowhere\.json: .*\n$/);
  }
});

test.each([
  [['check', '--json', 'docker-default']],
  [['check', file]],
  [['explain', 'docker-default']],
  [['explain', 'docker-default', 'mount']],
  [['doctor', '--json']],
  [['--help']],
  [['--version']],
])('exits 125 with one line if the result can’t be written: %j', (args) => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(stderr).toMatch(/^seccomp: stdout: the result can't be written \(ENOSPC: no space left on device\): .*\n$/);
  expect(status).toBe(125);
});

test.each([
  [['check', '--json', 'docker-default'], 0],
  [['check', file], 1],
  [['explain', 'docker-default'], 0],
] as const)('keeps its exit status if the reader of its output ends early: %j', async (args, status) => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect([code, stderr]).toEqual([status, '']);
});
