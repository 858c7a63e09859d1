/** `seccomp check`: findings with places, and an exit status to go by. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
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

test('a profile without mistakes leaves nothing to say', () => {
  expect(check('docker-default')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('each finding is a line with its place; errors make the exit status 1', () => {
  expect(check('docker-default', file)).toEqual({
    status: 1,
    stdout:
      `warning ${file}:3:25: syscalls[0].names[0]: unknown syscall "openaat" (did you mean openat?); it is left out\n` +
      `error ${file}:3:65: syscalls[0].arg: unknown key "arg" (did you mean args?)\n`,
    stderr: '',
  });
});

test('as the runtimes see it there are warnings only, and the exit status is 0', () => {
  const { status, stdout } = check('--compat', file);
  expect([status, stdout.match(/^\w+/gm)]).toEqual([0, ['warning', 'warning']]);
});

test('the format can be given, and the findings come as JSON', () => {
  const text = '{"defaultAction": "SCMP_ACT_LOG", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}';
  const { status, stdout } = check('--format', 'oci', '--json', text);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ profile: 'inline', issues: [{ severity: 'warning', path: 'archMap' }] }]);
});

test('a profile that can’t be found is our failure', () => {
  expect(check('./nowhere.json')).toMatchObject({ status: 125, stdout: '', stderr: expect.stringContaining('ENOENT') });
});
