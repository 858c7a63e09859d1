/** The trial of a security engineer: reviews profiles, compares them, records one, and runs a program under it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { compare, explain, loadProfile } from '../../lib/index.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';
import { packageRoot } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-security-engineer-'));
afterAll(() => rmSync(folder, { recursive: true }));
const profiles = join(packageRoot, 'test/data/profiles');

beforeEach(() => process.chdir(folder));
afterEach(() => process.chdir(packageRoot));

/** Runs the command in a process of its own. */
function start(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('checks a folder of profiles in one command, strictly and as container runtimes do', async () => {
  const files = readdirSync(profiles);
  process.chdir(profiles);
  const strict = await seccomp('check', ...files);
  expect(strict.stdout).toMatch(/^error \S+seccomp\.json:563:5: syscalls\[16\]: has no effect on setns/m);
  expect([strict.status, strict.stderr]).toEqual([1, '']);
  const compat = await seccomp('check', '--compat', ...files);
  expect(compat.stdout).not.toMatch(/^error/m);
  expect([compat.status, compat.stderr]).toEqual([0, '']);
});

test('checks standard input, and goes on after a file that is missing', () => {
  const input =
    '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["pwrite"], "action": "SCMP_ACT_ERRNO" }] }';
  const { status, stdout, stderr } = start(['check', 'missing.json', '-'], input);
  expect(stdout).toMatch(/^error stdin:1:\d+: .*unknown syscall "pwrite" \(did you mean pwrite64\?\)/);
  expect(stderr).toMatch(/^seccomp: missing\.json: /);
  expect(status).toBe(125);
});

test('asks for calls by constant, by the number of an audit line, and by group', async () => {
  const calls = ['socket(AF_ALG)', '165', '@keyring'];
  const { status, stdout } = await seccomp('explain', '--abi', 'x86_64', 'docker-default', ...calls);
  expect(stdout).toContain('socket(AF_ALG) on x86_64: EPERM\n');
  expect(stdout).toMatch(/^165 = mount on x86_64: EPERM\n {2}no rule .*\n {2}with CAP_SYS_ADMIN: allow$/m);
  expect(stdout.match(/^(add_key|keyctl|request_key) on/gm)).toHaveLength(3);
  expect(status).toBe(0);
});

test('compares two versions of a profile by the names of syscalls', () => {
  const file = (name: string) => loadProfile(join(profiles, name), { mode: 'compat' });
  const [older, newer] = ['fixtures__default-old-format', 'default'].map((name) =>
    file(`moby__profiles__seccomp__${name}.json`),
  );
  if (older === undefined || newer === undefined) expect.fail('the profiles are missing');
  const { relation, differences } = compare(older, newer);
  expect(relation).toBe('differs');
  expect(differences.map(({ syscall }) => syscall)).toContain('io_uring_setup');
});

test('records a program, reviews the file, and runs the program under it', async () => {
  const recorded = start(['record', '-o', 'tool.json', '--base', 'node-no-network', '--', 'ls', folder]);
  expect(recorded.stderr).toContain('seccomp: needed, and not allowed by node-no-network: ');
  expect(recorded.status).toBe(0);
  expect(await seccomp('check', 'tool.json')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(start(['run', '-p', './tool.json', '--', 'ls', folder]).stdout).toBe('tool.json\n');
  const { status, stderr } = start(['run', '--explain', '-p', './tool.json', '--', 'mkdir', 'new']);
  expect(stderr).toMatch(/^seccomp: mkdir\("new", 0777\): EPERM$/m);
  expect(stderr).toContain('to allow: {"names":["mkdir"],"action":"SCMP_ACT_ALLOW"');
  expect(status).toBe(1);
});

test('writes a manifest for Kubernetes, whose specification is the same profile', async () => {
  const record = async (...options: readonly string[]) => (await seccomp('record', ...options, '--', 'true')).status;
  expect([await record('-o', 'one.json'), await record('--format', 'spo', '-o', 'one.yaml')]).toEqual([0, 0]);
  const refused = await seccomp('check', 'one.yaml');
  expect(refused.stdout + refused.stderr).toContain('it looks like YAML: convert it to JSON');
  const { spec } = parse(readFileSync(join(folder, 'one.yaml'), 'utf8'));
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  const [profile, converted] = ['one.json', 'spec.json'].map((name) => loadProfile(join(folder, name)));
  if (profile === undefined || converted === undefined) expect.fail('the profiles are missing');
  expect(compare(profile, converted).relation).toBe('equal');
  expect(explain(converted, { syscall: 'mount' }).action).toEqual({ kind: 'errno', errno: 1 });
});
