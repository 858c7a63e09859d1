/**
 * Libraries and tools from npm that start processes or threads, installed for this test: zx, execa, nodemon, ts-node-dev,
 * tinypool, jest-worker, pm2 and Piscina.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusOf } from '../support/processes.js';
import { packageRoot } from '../support/scripts.js';

const LIBRARIES = {
  '@types/node': '20.19.43',
  execa: '9.6.1',
  'jest-worker': '30.5.1',
  nodemon: '3.1.14',
  piscina: '5.3.2',
  pm2: '7.0.4',
  tinypool: '2.2.0',
  'ts-node-dev': '2.0.0',
  typescript: '5.9.3', // For ts-node-dev, which does not work with TypeScript 7.
  zx: '8.8.5',
};

const folder = mkdtempSync(join(tmpdir(), 'seccomp-libraries-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: LIBRARIES }));
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund'], { cwd: folder });
  symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
  cpSync(fileURLToPath(new URL('libraries', import.meta.url)), folder, { recursive: true });
});

/** Runs a fixture, and reads the JSON text that it prints. */
function outputOf(
  fixture: string,
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): unknown {
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return JSON.parse(execFileSync(process.execPath, [...nodeArgs, fixture], options));
}

/** Runs pm2 until it prints what is looked for, and returns that; '' if it ends before. */
async function untilLine(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  wanted: RegExp,
  nodeArgs: readonly string[] = [],
): Promise<string> {
  const child = spawn(process.execPath, [...nodeArgs, join('node_modules', 'pm2', 'bin', 'pm2'), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let found: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    found ??= wanted.exec(line)?.[0];
    if (found !== undefined) child.kill('SIGINT');
  }
  return found ?? '';
}

describe('processes that are started with seccomp/register have its filter:', () => {
  const filtersHere = Number(statusOf('self').get('Seccomp_filters') ?? 0);
  const answer = {
    filters: filtersHere + 2, // The pool's owner has denied io_uring_setup.
    unshare: expect.stringContaining('Operation not permitted'),
    chdir: 'allowed',
    isOwnProcess: true,
  };

  test.each(['tinypool.mjs', 'jest-worker.mjs'])('%s', (fixture) => {
    expect(outputOf(fixture, { SECCOMP_PROFILE: 'docker-default' })).toEqual(Array(3).fill(answer));
  });
});

describe.each(['fork', 'cluster'])('pm2 in mode %s, whose programs load seccomp/register,', (mode) => {
  const start = (profile: string) =>
    untilLine(
      ['start', 'registered.config.cjs', '--no-daemon'],
      { MODE: mode, PROFILE: profile, PM2_HOME: join(folder, `pm2-${mode}-${profile}`) },
      profile === 'node' ? /\{"unshare.*\}/ : /seccomp\/register: .*/,
    );

  test('starts them under the profile', async () => {
    const answer = { unshare: expect.stringContaining('Operation not permitted'), channel: true };
    expect(JSON.parse(await start('node'))).toEqual(answer);
  });

  test('shows why they do not run', async () => {
    expect(await start('nowhere')).toContain('unknown built-in profile "nowhere"');
  });
});

test('threads of Piscina’s pool get the filter of harden(), whether they started before or after', () => {
  expect(outputOf('piscina.mjs')).toEqual({ before: [-2, -2], after: Array(4).fill(-77) });
});

test('zx runs its commands under the profile of a Sandbox', () => {
  expect(outputOf('zx.mjs')).toEqual({
    plain: 'changed\n',
    confined: 'denied\n',
    synchronous: 'denied\n',
    piped: 'b\n',
    withInput: 'typed',
    exitCode: 3,
    unknown: { exitCode: 127, signal: null },
    timedOut: { exitCode: null, signal: 'SIGTERM' },
    killed: { exitCode: null, signal: 'SIGKILL' },
  });
});

describe('in a process whose node:child_process has the functions of a Sandbox', () => {
  const PRELOAD = ['--import', './confine-children.mjs'];

  test('execa starts programs, with and without a channel', () => {
    expect(outputOf('execa.mjs', {}, PRELOAD)).toEqual({
      node: ['hello', 'EACCES'],
      ipc: ['hello', 'EACCES'],
      asynchronous: 'denied',
      synchronous: 'denied',
      inputAndLines: ['a', 'b'],
      exitCode: 3,
    });
  });

  test.each(['tinypool.mjs', 'jest-worker.mjs'])('pools have their processes: %s', (fixture) => {
    const answer = expect.objectContaining({ chdir: 'EACCES', isOwnProcess: true });
    expect(outputOf(fixture, {}, PRELOAD)).toEqual(Array(3).fill(answer));
  });

  test.each([
    { mode: 'fork', args: [], handles: 'false' },
    { mode: 'cluster', args: ['-i', '2'], handles: 'true' },
  ])('pm2 starts its program: $mode', async ({ args, handles }) => {
    const answer = await untilLine(
      ['start', 'listening.cjs', '--no-daemon', ...args],
      { DENIED: 'unshare', HANDLES: handles, PM2_HOME: join(folder, `pm2-${handles}`) },
      /\{"unshare.*\}/,
      PRELOAD,
    );
    expect(JSON.parse(answer)).toEqual({ unshare: expect.stringContaining('Permission denied'), channel: true });
  });

  test.each([
    { tool: 'nodemon/bin/nodemon.js', program: 'server.js', starts: 2 },
    { tool: 'ts-node-dev/lib/bin.js', program: 'server.ts', starts: 1 },
  ])('$tool starts its program with a channel', async ({ tool, program, starts }) => {
    const tsc = join(folder, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '--module', 'commonjs', '--types', 'node', 'server.ts'], { cwd: folder });
    const args = [...PRELOAD, join('node_modules', tool), program];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    const answers: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('{')) continue;
      answers.push(line);
      if (answers.length === starts) child.kill();
      else child.stdin.write('rs\n'); // nodemon starts the program again.
    }
    expect(answers).toEqual(Array(starts).fill('{"chdir":"EACCES","channel":true}'));
  });
});
