/** A sandbox in the place of a profile: each function that starts a program does what it says. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { compile } from '../../../lib/sandbox/compile.js';
import { fork } from '../../../lib/sandbox/fork.js';
import { harden } from '../../../lib/sandbox/harden.js';
import { loadSandbox, type SandboxInput } from '../../../lib/sandbox/load-sandbox.js';
import { run } from '../../../lib/sandbox/run.js';
import { Sandbox } from '../../../lib/sandbox/sandbox.js';
import { spawn } from '../../../lib/sandbox/spawn.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { main } from '../../support/built.js';
import { describeUnless } from '../../support/describe-unless.js';
import { runUnfiltered } from '../../support/processes.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-in-place-')));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'out'));
writeFileSync(join(directory, 'data.txt'), 'data\n');
writeFileSync(join(directory, 'secret.txt'), 'secret\n');
writeFileSync(join(directory, 'module.cjs'), 'process.send(process.env.GREETING ?? "none"); process.disconnect();');

const document: SandboxInput = {
  paths: { read: ['@system', './data.txt'], write: ['./out', '@tmp'] },
  network: 'none',
  rlimits: { core: 0, nofile: 64 },
  env: { PATH: '/usr/bin:/bin', GREETING: 'hello', HOME: '@tmp' },
  timeout: 30_000,
};
const file = join(directory, 'sandbox.json');
writeFileSync(file, JSON.stringify(document));

/** What a program of the sandbox does and does not. */
const SCRIPT = `cd ${directory}; cat data.txt; cat secret.txt; echo x >out/x && cat out/x; echo $GREETING; ulimit -n; [ "$HOME" = "$TMPDIR" ] && echo at home`;
const OUTPUT = 'data\nx\nhello\n64\nat home\n';
const DENIED = /secret\.txt: Permission denied/;

describeUnless(pathsSupport().reason ?? undefined, 'a sandbox holds for', () => {
  const sandbox = loadSandbox(file);

  test('run', async () => {
    const { stdout, stderr, enforcement } = await run('sh', ['-c', SCRIPT], sandbox);
    expect(stdout).toBe(OUTPUT);
    expect(stderr).toMatch(DENIED);
    expect(enforcement).toMatchObject({ paths: { by: 'landlock' }, network: { by: 'filter' } });
  });

  test('run with the sandbox among its options', async () => {
    expect((await run('sh', ['-c', SCRIPT], { profile: sandbox })).stdout).toBe(OUTPUT);
  });

  test('spawn', async () => {
    const child = spawn('sh', ['-c', SCRIPT], sandbox, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    await once(child, 'close');
    expect(chunks.join('')).toBe(OUTPUT);
  });

  test('spawnSync', () => {
    const { stdout, stderr } = spawnSync('sh', ['-c', SCRIPT], sandbox, { encoding: 'utf8' });
    expect(stdout).toBe(OUTPUT);
    expect(stderr).toMatch(DENIED);
  });

  test('the functions of a Sandbox', async () => {
    const { execFile, execSync } = new Sandbox(sandbox);
    expect((await promisify(execFile)('sh', ['-c', SCRIPT])).stdout).toBe(OUTPUT);
    expect(execSync(SCRIPT, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe(OUTPUT);
  });

  test('fork', async () => {
    const forked = loadSandbox({
      paths: { read: ['@system', '@node'] },
      env: { GREETING: 'forked' },
      rlimits: { core: 0 },
    });
    const child = fork(join(directory, 'module.cjs'), forked, { execArgv: [] });
    expect(await once(child, 'message')).toEqual(['forked', undefined]);
  });

  test('the command', async () => {
    const { stdout, stderr } = await runUnfiltered(process.execPath, [
      main,
      'run',
      '-s',
      file,
      '--',
      'sh',
      '-c',
      SCRIPT,
    ]);
    expect([stdout, stderr]).toEqual([OUTPUT, expect.stringMatching(DENIED)]);
  });
});

describe('an option of a call', () => {
  const sandbox = loadSandbox({ env: { A: 'of the sandbox' }, rlimits: { nofile: 64 }, timeout: 30_000 });
  const print = ['-c', 'echo $A; ulimit -n'];

  test('replaces what the sandbox says', () => {
    const options = { encoding: 'utf8', env: { A: 'of the call' } } as const;
    expect(spawnSync('sh', print, sandbox, options).stdout).toBe('of the call\n64\n');
    const other = spawnSync('sh', print, sandbox, { encoding: 'utf8', rlimits: { nofile: 32 } });
    expect(other.stdout).toBe('of the sandbox\n32\n');
    expect(spawnSync('sleep', ['10'], sandbox, { timeout: 20 })).toMatchObject({ limit: 'time' });
  });

  test('that is undefined does not', () => {
    expect(spawnSync('sh', print, sandbox, { encoding: 'utf8', env: undefined }).stdout).toBe('of the sandbox\n64\n');
  });

  test('replaces a default of a Sandbox, which replaces what the sandbox says', () => {
    const { execFileSync } = new Sandbox(sandbox, { env: { A: 'of the defaults' }, encoding: 'utf8' });
    expect(execFileSync('sh', print)).toBe('of the defaults\n64\n');
    expect(execFileSync('sh', print, { env: { A: 'of the call' } })).toBe('of the call\n64\n');
  });

  test('can’t take away the directory that a variable names', () => {
    const withHome = loadSandbox({ paths: { read: ['@system'], write: ['@tmp'] }, env: { HOME: '@tmp' } });
    const paths = { read: ['@system'] };
    const message = 'the sandbox sets HOME to the directory @tmp, which options.paths does not grant';
    expect(() => spawnSync('true', [], withHome, { paths })).toThrow(message);
    expect(() => new Sandbox(withHome).spawnSync('true', { paths })).toThrow(message);
    expect(spawnSync('true', [], withHome, { paths, env: ['PATH'] }).status).toBe(0);
  });
});

describe('a sandbox is refused', () => {
  const sandbox = loadSandbox({ timeout: 1000 });

  test.each<[string, () => unknown, string]>([
    ['by harden', () => harden(sandbox as never), 'harden takes a profile and no sandbox'],
    ['by harden by its name', () => harden('untrusted'), 'harden takes a profile and no sandbox'],
    ['by compile', () => compile(sandbox as never), 'an instance of LoadedSandbox'],
    [
      'by loadProfile',
      () => loadProfile('untrusted'),
      "untrusted is a sandbox, of which a profile is a part: give loadSandbox('untrusted').profile",
    ],
    ['in a list of profiles', () => spawnSync('true', [], ['docker-default', 'untrusted']), 'untrusted is a sandbox'],
    [
      'beside a profile',
      () => spawnSync('true', [], sandbox, { profile: 'node' } as never),
      'leave out one of the two',
    ],
  ])('%s', (_, start, message) => {
    expect(start).toThrow(message);
  });

  test('with limits that can’t be held without a cgroup', () => {
    const start = () => spawnSync('true', [], loadSandbox({ limits: { memory: '1G' } }));
    expect(start).toThrow(/^inline: limits can't be honored: .*write "exact": "preferred" in it/);
  });
});
