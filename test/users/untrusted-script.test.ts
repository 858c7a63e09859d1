/**
 * A developer runs a script that nobody has read, as docs/guides/untrusted-tool.md says: tries it, records it, narrows what
 * was recorded, and runs a later version that steals. The files are those of the page.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { loadSandbox, run as runProgram } from '../../lib/index.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';

const PYTHON = '/usr/bin/python3';
const SCRIPT = 'tool/report.py';
const SANDBOX = 'sandbox.json';
const SECRET = 'TOKEN=secret\n';
const REPORT = '7 pears\n5 apples\n';
const PRINTED = 'wrote out/report.txt\n';

const blocks = blocksOf(textOfPage('docs/guides/untrusted-tool.md'));
const codeOf = (name: string) => blocks.find((block) => block.name === name)?.code ?? expect.fail(`no block ${name}`);
const theft = blocks.map(({ code }) => /<<'END'\n(.*?)^END$/ms.exec(code)?.[1]).find((code) => code !== undefined);

const folder = mkdtempSync(join(tmpdir(), 'seccomp-script-'));
afterAll(() => rmSync(folder, { recursive: true }));

let project = '';
const pathOf = (name: string) => join(project, name);
const read = (name: string) => readFileSync(pathOf(name), 'utf8');

function write(name: string, content: string): void {
  mkdirSync(dirname(pathOf(name)), { recursive: true });
  writeFileSync(pathOf(name), content);
}

beforeEach(() => {
  project = mkdtempSync(join(folder, 'project-'));
  write(SCRIPT, codeOf(SCRIPT));
  write('data/sales.csv', 'pears,3\napples,5\npears,4\n');
  write('.env', SECRET);
});

/** Runs a program in the project, while this process goes on serving. */
async function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}

const seccomp = (...args: readonly string[]) => start(process.execPath, [main, ...args]);
const python = ['--', PYTHON, SCRIPT] as const;

/** Makes the directory of the report and the narrowed sandbox, with the profile that is recorded into it. */
async function narrow(): Promise<void> {
  mkdirSync(pathOf('out'));
  write(SANDBOX, codeOf(SANDBOX));
  if (narrowed === undefined) {
    expect(await seccomp('record', '-s', SANDBOX, '--merge', ...python)).toMatchObject({ status: 0 });
    narrowed = read(SANDBOX);
  }
  write(SANDBOX, narrowed);
}

/** The narrowed sandbox with its profile. It names no project: all its paths are relative. */
let narrowed: string | undefined;

/** Puts the later version of the script in place, which sends what it steals to this port. */
function update(port: number): void {
  const code = theft ?? expect.fail('the page has no later version');
  write(SCRIPT, read(SCRIPT) + code.replace('"192.0.2.1", 443', `"127.0.0.1", ${port}`));
}

/** Runs the later version while a server waits for what it steals. Returns what the server got. */
async function stolenBy(run: () => Promise<unknown>): Promise<string> {
  const parts: string[] = [];
  const server = createServer((socket) => socket.setEncoding('utf8').on('data', (part: string) => parts.push(part)));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  update((server.address() as AddressInfo).port);
  await run();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return parts.join('');
}

const noScopes = isolationSupport().by === 'scopes' ? undefined : 'needs Linux 6.12';

describeUnless(obstacleTo(PYTHON) ?? noScopes, 'a script that nobody has read', () => {
  test('writes nothing under untrusted, before its directory is granted', async () => {
    const denied = await seccomp('run', '-s', 'untrusted', ...python);
    expect(denied.status).toBe(1);
    expect(denied.stderr).toMatch(/^PermissionError: \[Errno 13\] Permission denied: 'out'$/m);
    expect(existsSync(pathOf('out'))).toBe(false);
  });

  test('runs under untrusted with the directory that it writes', async () => {
    mkdirSync(pathOf('out'));
    expect(await seccomp('run', '-s', 'untrusted', '--write', 'out', ...python)).toMatchObject({
      status: 0,
      stdout: PRINTED,
    });
    expect(read('out/report.txt')).toBe(REPORT);
  });

  test('is recorded with what it reads, writes and executes, and without network; check warns of the grant of its own directory', async () => {
    const { status, stdout, stderr } = await seccomp('record', '-s', SANDBOX, ...python);
    expect([status, stdout]).toEqual([0, PRINTED]);
    expect(stderr).toMatch(/^ +\d+× read +3 files, by \.$/m);
    expect(stderr).toMatch(/^ +2× written +2 files, by \.$/m);
    expect(stderr).toMatch(/^ +1× executed \S*\/sort, by @system$/m);
    const { paths, network, profile } = JSON.parse(read(SANDBOX));
    expect({ paths, network }).toEqual({ paths: { read: ['@system'], write: ['.'] }, network: 'none' });
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
    const checked = await seccomp('check', SANDBOX);
    expect(checked.status).toBe(0);
    expect(checked.stdout).toMatch(
      /^warning sandbox\.json:7:7: paths\.write\[0\]: lets the program change this sandbox/,
    );
  });

  test('does its work in the narrowed sandbox, in which check finds nothing, and no call is denied', async () => {
    await narrow();
    expect(await seccomp('check', SANDBOX)).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout, stderr } = await seccomp('run', '-s', SANDBOX, '--explain', ...python);
    expect([status, stdout]).toEqual([0, PRINTED]);
    expect(stderr).toContain('seccomp: no call was denied by sandbox.json');
    expect(read('out/report.txt')).toBe(REPORT);
  });

  test('keeps the keys that were written by hand when its profile is recorded again', async () => {
    await narrow();
    const { profile, paths, ...others } = JSON.parse(read(SANDBOX));
    const { paths: before, ...kept } = JSON.parse(codeOf(SANDBOX));
    expect(others).toEqual(kept);
    expect(paths.read.toSorted()).toEqual(before.read.toSorted());
    expect(paths.write.toSorted()).toEqual(before.write.toSorted());
    expect(profile.syscalls.flatMap(({ names }: { names: string[] }) => names)).toContain('openat');
  });
});

describeUnless(obstacleTo(PYTHON) ?? noScopes, 'a later version of the script that steals', () => {
  test('sends the secret and widens its sandbox where nothing confines it', async () => {
    await narrow();
    expect(await stolenBy(() => start(PYTHON, [SCRIPT]))).toBe(SECRET);
    expect(read(SANDBOX)).toBe('{}');
  });

  test('sends nothing from its sandbox, does its work, and leaves the sandbox as it is; --explain names each file and the connection', async () => {
    await narrow();
    const before = read(SANDBOX);
    let stderr = '';
    const stolen = await stolenBy(async () => {
      const { stderr: explained, ...rest } = await seccomp('run', '-s', SANDBOX, '--explain', ...python);
      expect(rest).toEqual({ status: 0, stdout: PRINTED });
      stderr = explained;
    });
    expect(stolen).toBe('');
    expect([read('out/report.txt'), read(SANDBOX)]).toEqual([REPORT, before]);
    expect(stderr).toContain(`paths does not grant reading ${pathOf('.env')}\n`);
    expect(stderr).toContain(`paths does not grant writing ${pathOf(SANDBOX)}\n`);
    expect(stderr).toMatch(/^seccomp: socket\(AF_INET, .*\): EPERM$/m);
    expect(stderr).toContain('seccomp: 3 kinds of calls denied, perhaps not needed: the exit status is 0\n');
  });

  test('is named in the violations of run', async () => {
    await narrow();
    update(9);
    const { stdout, violations } = await runProgram(PYTHON, [SCRIPT], loadSandbox(pathOf(SANDBOX)), {
      cwd: project,
      onViolation: true,
      reportPaths: true,
    });
    expect(stdout).toBe(PRINTED);
    expect(violations.filter(({ fallback }) => !fallback).map(({ syscall, path }) => [syscall, path])).toEqual([
      ['openat', pathOf('.env')],
      ['socket', undefined],
      ['openat', pathOf(SANDBOX)],
    ]);
  });
});
