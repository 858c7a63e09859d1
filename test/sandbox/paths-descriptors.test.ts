/** A child inherits nothing that this process keeps from it: with a ruleset, it could give itself or another more rights. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fork, type Paths, record, run, spawn, spawnSync } from '../../lib/index.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-descriptors-')));
afterAll(() => rmSync(directory, { recursive: true }));

const paths: Paths = { read: ['@system', '/proc'], write: [directory] };
/** Prints what the descriptors of the shell lead to. */
const LIST = 'cd /proc/$$/fd; for each in *; do readlink $each; done; true';
const SHELL = ['sh', ['-c', LIST]] as const;
const options = { cwd: directory, paths };
const listed = (output: string) => {
  const found = output.split('\n').filter((each) => each !== '');
  expect(found.length).toBeGreaterThan(2);
  return found.filter((each) => !/^(pipe|socket):|^\/dev\/null$/.test(each));
};

/** This process's descriptors, with what they lead to. */
function openDescriptors(): [number, string][] {
  return readdirSync('/proc/self/fd').flatMap((each): [number, string][] => {
    try {
      return [[Number(each), readlinkSync(`/proc/self/fd/${each}`)]];
    } catch {
      return []; // That of the directory, which is closed.
    }
  });
}

function expectRefused(descriptor: number, profile: string): void {
  const refused = expect.objectContaining({ code: 'EBADF', call: 'fcntl' });
  const stdio = ['ignore', 'pipe', 'pipe', descriptor] as const;
  expect(() => spawn(...SHELL, profile, { stdio: [...stdio] })).toThrowError(refused);
}

describeUnless(pathsSupport().reason ?? undefined, 'no ruleset is inherited', () => {
  test('by a child of spawnSync, although this process keeps it', () => {
    expect(listed(spawnSync(...SHELL, 'unconfined', { ...options, encoding: 'utf8' }).stdout)).toEqual([]);
    expect(openDescriptors().map(([, target]) => target)).toContain('anon_inode:[landlock-ruleset]');
  });

  test('under the number of a descriptor that the caller has closed', () => {
    const next = openSync('/dev/null', 'r');
    closeSync(next);
    const newPaths = { read: ['@system'], write: [mkdtempSync(join(directory, 'new-'))] };
    const stdio = ['ignore', 'pipe', 'pipe', next] as const;
    expect(() => spawn(...SHELL, 'unconfined', { stdio: [...stdio], paths: newPaths })).toThrowError(
      expect.objectContaining({ code: 'EBADF', call: 'fcntl' }),
    );
  });

  test('under the number of one that is kept for later starts', () => {
    spawnSync(...SHELL, 'unconfined', { ...options, encoding: 'utf8' });
    const kept = openDescriptors().filter(([, target]) => target === 'anon_inode:[landlock-ruleset]');
    expect(kept.length).toBeGreaterThan(0);
    for (const [number] of kept) expectRefused(number, 'unconfined');
  });

  test('by a child of run, also if it is supervised', async () => {
    expect(listed((await run(...SHELL, 'docker-default', options)).stdout)).toEqual([]);
    const supervised = await run(...SHELL, 'docker-default', { ...options, onViolation: () => {} });
    expect(listed(supervised.stdout)).toEqual([]);
  });

  test('by a child of record', async () => {
    const file = join(directory, 'recorded');
    await record('sh', ['-c', `{ ${LIST}; } >${file}`], { ...options, stdio: 'ignore' });
    expect(listed(readFileSync(file, 'utf8')).filter((each) => each !== file)).toEqual([]);
  });

  test('by a program that execve starts', () => {
    const code = `require('seccomp').execve('sh', ${JSON.stringify(SHELL[1])}, 'docker-default', ${JSON.stringify(options)});`;
    const { stdout } = nodeSpawnSync(process.execPath, ['-e', code], { cwd: packageRoot, encoding: 'utf8' });
    expect(listed(stdout)).toEqual([]);
  });

  test('by a forked Node', async () => {
    const file = join(directory, 'module.cjs');
    writeFileSync(
      file,
      `const { readdirSync, readlinkSync } = require('node:fs');
      const linkOf = (each) => { try { return readlinkSync('/proc/self/fd/' + each); } catch ({ code }) { return code; } };
      process.send(readdirSync('/proc/self/fd').map(linkOf)); process.disconnect();`,
    );
    const child = fork(file, 'docker-default', { ...options, execArgv: [], silent: true });
    const [message] = await once(child, 'message');
    expect(message.length).toBeGreaterThan(3);
    expect(message.filter((each: string) => each.includes('landlock'))).toEqual([]);
  });
});

test('no child inherits the listener of another, or the socket of another’s guardian, by its number', async () => {
  const before = new Set(openDescriptors().map(String)); // A number can be another file's later.
  const child = spawn('sleep', ['60'], 'docker-default', {
    stdio: 'ignore',
    onViolation: () => {},
    descendants: 'kill',
  });
  const kept = openDescriptors().filter(
    (each) => !before.has(String(each)) && /^(socket:|anon_inode:seccomp notify)/.test(each[1]),
  );
  expect(kept.map(([, target]) => target.replace(/\[.*/, '')).sort()).toEqual(['anon_inode:seccomp notify', 'socket:']);
  for (const [number] of kept) expectRefused(number, 'unconfined');
  child.kill('SIGKILL');
  await once(child, 'close');
});
