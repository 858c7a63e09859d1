/** `seccomp record`: writes a profile under which the program runs, and exits as the program does. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parseProfile } from '../../lib/profile/profile.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'seccomp-record-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
const newFile = (extension = 'json') => join(directory, `profile-${files++}.${extension}`);

function seccomp(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const namesIn = (file: string) =>
  parseProfile(readFileSync(file, 'utf8')).document.syscalls.flatMap(({ names }) => names);

describe('seccomp record', () => {
  test('writes a profile under which the program runs, and leaves its output and exit code alone', () => {
    const file = newFile();
    const program = ['sh', '-c', 'echo out; exit 3'];
    expect(seccomp('record', '-o', file, '--', ...program)).toEqual({ status: 3, stdout: 'out\n', stderr: '' });
    expect(seccomp('run', '-p', file, '--', ...program)).toEqual({ status: 3, stdout: 'out\n', stderr: '' });
    expect(seccomp('check', file)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(namesIn(file)).not.toContain('socket');
  });

  test('lets container runtimes start the program, unless told not to', () => {
    const [file, bare] = [newFile(), newFile()];
    seccomp('record', '-o', file, 'true');
    seccomp('record', '-o', bare, '--bare', 'true');
    expect(namesIn(file)).toContain('execve');
    expect(namesIn(bare)).not.toContain('execve');
    expect(seccomp('run', '-p', bare, 'true')).toMatchObject({ status: 0 });
  });

  test('compares arguments with --args', () => {
    const file = newFile();
    seccomp('record', '-o', file, '--args', '--bare', 'sh', '-c', ': </etc/passwd');
    const { syscalls } = parseProfile(readFileSync(file, 'utf8')).document;
    const open = syscalls.filter(({ names }) => names.includes('openat'));
    expect(open.length).toBeGreaterThan(0);
    for (const { args, comment } of open) {
      expect(args).toMatchObject([{ index: 2, op: 'SCMP_CMP_MASKED_EQ', valueTwo: 0n }]);
      expect(comment).toMatch(/^O_RDONLY.*; first seen in \//);
    }
  });

  test('leaves a file alone that is there, and adds to it with --merge', () => {
    const file = newFile();
    seccomp('record', '-o', file, '--bare', 'true');
    const before = readFileSync(file, 'utf8');
    expect(seccomp('record', '-o', file, 'uname')).toMatchObject({ status: 125, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(seccomp('record', '-o', file, '--merge', 'uname')).toMatchObject({ status: 0 });
    expect(namesIn(file)).toEqual(expect.arrayContaining([...namesIn(file), 'uname']));
    expect(readFileSync(file, 'utf8').startsWith(before.slice(0, before.lastIndexOf('}\n  ]')))).toBe(true);
  });

  test('shows how the run and a profile differ', () => {
    const base = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]}';
    const { status, stderr } = seccomp('record', '--base', base, '--', 'cat', '/etc/hostname');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^\+ openat\(AT_FDCWD, "\/etc\/hostname", O_RDONLY\) {2}\/\S*cat$/m);
    expect(stderr).toMatch(/not needed: 1 syscalls\n- mount\n$/);
  });

  test('writes a manifest for Kubernetes, named after the file', () => {
    const file = newFile('yaml');
    expect(seccomp('record', '-o', file, '--format', 'spo', 'true')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toMatch(/^kind: SeccompProfile\nmetadata:\n {2}name: "profile-\d+"$/m);
  });

  test('exits as env(1) does where the program can not be started, and writes nothing', () => {
    const file = newFile();
    expect(seccomp('record', '-o', file, './nothing')).toMatchObject({ status: 127 });
    expect(seccomp('record', '-o', file, '/etc/passwd')).toMatchObject({ status: 126 });
    expect(seccomp('record', 'true')).toMatchObject({ status: 125, stderr: expect.stringContaining('-o') });
    expect(existsSync(file)).toBe(false);
  });

  test('writes the profile of a server that a signal ends', async () => {
    const file = newFile();
    const child = spawn(process.execPath, [main, 'record', '-o', file, 'sh', '-c', 'echo ready; exec sleep 1000']);
    await once(child.stdout, 'data');
    child.kill();
    const [code] = await once(child, 'exit');
    expect(code).toBe(128 + 15);
    expect(readFileSync(file, 'utf8')).toContain('First seen in');
  });
});
