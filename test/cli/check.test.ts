/** `seccomp check`: issues with their positions, and the exit status. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { seccomp } from '../support/command-line.js';

const check = (...args: readonly string[]) => seccomp('check', ...args);

const directory = mkdtempSync(join(tmpdir(), 'seccomp-check-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'p.json');
writeFileSync(
  file,
  '{\n"defaultAction": "SCMP_ACT_ERRNO",\n"syscalls": [{"names": ["openaat"], "action": "SCMP_ACT_ALLOW", "arg": []}]\n}',
);

test('prints nothing for a valid profile', async () => {
  expect(await check('docker-default')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('prints each issue in a line with its position, and exits 1 for errors', async () => {
  expect(await check('docker-default', file)).toEqual({
    status: 1,
    stdout:
      `warning ${file}:3:25: syscalls[0].names[0]: unknown syscall "openaat" (did you mean openat?): Linux up to 7.3 lacks it, so it has no effect\n` +
      `error ${file}:3:65: syscalls[0].arg: unknown key "arg" (did you mean args?)\n`,
    stderr: '',
  });
});

test('with --compat prints warnings only, and exits 0', async () => {
  const { status, stdout } = await check('--compat', file);
  expect([status, stdout.match(/^\w+/gm)]).toEqual([0, ['warning', 'warning']]);
});

test('reads the given format, and prints the issues as JSON', async () => {
  const text = '{"defaultAction": "SCMP_ACT_LOG", "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}';
  const { status, stdout } = await check('--format', 'oci', '--json', text);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ profile: 'inline', issues: [{ severity: 'warning', path: 'archMap' }] }]);
});

test('exits 125 for a profile that does not exist', async () => {
  expect(await check('./nowhere.json')).toMatchObject({
    status: 125,
    stdout: '',
    stderr: expect.stringContaining('ENOENT'),
  });
});

test('checks the other profiles if one does not exist', async () => {
  for (const format of [[], ['--json']]) {
    const { status, stdout, stderr } = await check(...format, 'nonexistent', '--', file, './nowhere.json');
    expect(status).toBe(125);
    expect(stdout).toContain('unknown key');
    expect(stderr).toMatch(/^seccomp: unknown built-in profile "nonexistent".*\nseccomp: \.\/nowhere\.json: .*\n$/);
  }
});

test('finds what concerns this host in a config.json at its place', async () => {
  const config = join(directory, 'config.json');
  writeFileSync(
    config,
    `{"ociVersion": "1.0.2", "linux": {
      "seccomp": { "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_ALLOW" },
        { "names": ["write"], "action": "SCMP_ACT_ERRNO" }
      ] } } }`,
  );
  expect((await check(config)).stdout).toMatch(/config\.json:4:\d+: linux\.seccomp\.syscalls\[1\]\.action: /);
});

test('judges a profile for the host that flags name', async () => {
  const text = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["fork"], "action": "SCMP_ACT_ERRNO"}]}';
  const effect = 'has no effect on aarch64, which lacks fork. Programs do the same by clone, clone3: deny all of them';
  expect(await check('--host', 'arm64', text)).toMatchObject({
    status: 0,
    stdout: `warning inline:1:50: syscalls[0]: ${effect}\n`,
  });
  expect((await check('--kernel', '99.0', text)).stdout).toContain('this kernel, Linux 99.0, can have such calls');
  for (const [flag, value, message] of [
    ['--host', 'arm46', 'unknown machine "arm46" (did you mean arm64?)'],
    ['--kernel', 'six', 'must be a version such as 5.10, not "six"'],
    ['--kernel', '99999999999999999999.1', 'must be a version such as 5.10, not "99999999999999999999.1"'],
    ['--capability', 'CAP_X', 'unknown capability "CAP_X"'],
  ] as const)
    expect(await check(flag, value, text)).toMatchObject({ status: 125, stderr: expect.stringContaining(message) });
});

test('warns where a denied call can be replaced by another', async () => {
  const text = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]}';
  const { status, stdout } = await check(text);
  expect([status, stdout]).toEqual([
    0,
    'warning inline:1:50: syscalls[0]: denies execve, but programs can do the same by execveat: deny all of them\n',
  ]);
});
