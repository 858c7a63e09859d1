/** What becomes of a child's descendants: the option `descendants`. */
import { type ChildProcess, spawn as spawnInNode } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import type { SandboxedProcess } from '../../lib/sandbox/child/process/child-process.js';
import { execve } from '../../lib/sandbox/execve.js';
import { harden } from '../../lib/sandbox/harden.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';

const PROFILE = 'docker-default';
const hasScopes = isolationSupport().by === 'scopes';
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Starts a process in a session of its own that ignores SIGTERM, prints its ID, and goes on. */
const DAEMON = `setsid sh -c 'trap "" TERM; echo $$; exec >&- 2>&-; while :; do sleep 60; done' &`;

/** Whether a process has not ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The number that a child prints. */
async function printed(child: ChildProcess): Promise<number> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return Number(text);
}

/** Starts a script with the daemon, and waits for it. */
async function withDaemon(script: string, options: SpawnOptions = {}) {
  return await startWithDaemon(`${DAEMON} ${script}`, options);
}

async function startWithDaemon(script: string, options: SpawnOptions) {
  const child = spawn('sh', ['-c', script], PROFILE, { descendants: 'kill', ...options });
  return { child, daemon: await printed(child) };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', (...end) => resolve(end)));

const errorOf = (call: () => unknown): SeccompError => {
  try {
    call();
  } catch (error) {
    if (error instanceof SeccompError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
};

describe.skipIf(!hasScopes)('descendants: kill', () => {
  test('ends all with the child', async () => {
    const { child, daemon } = await withDaemon('read line; exit 7', { stdio: ['pipe', 'pipe', 'inherit'] });
    expect(child.enforcement.tree).toEqual({ by: 'guardian' });
    expect(isRunning(daemon)).toBe(true);
    child.stdin?.end();
    expect(await ended(child)).toEqual([7, null]);
    await child.treeEnded;
    expect(isRunning(daemon)).toBe(false);
  });

  test('ends all by a signal for the tree, at once or later', async () => {
    const { child, daemon } = await withDaemon('wait');
    expect(child.killTree(0)).toBe(true);
    expect(child.killTree('SIGKILL')).toBe(true);
    expect(child.killed).toBe(true);
    const end = ended(child);
    await child.treeEnded;
    expect(isRunning(daemon)).toBe(false);
    expect(await end).toEqual([null, 'SIGKILL']);
    expect([child.killTree(), child.killTree(0)]).toEqual([false, false]);
  });

  test('ends what ignores the signal, forceKillAfter later', async () => {
    const script = `trap "" TERM; ${DAEMON} while :; do wait; done`; // It ignores the signal when the daemon has printed.
    const { child, daemon } = await startWithDaemon(script, { forceKillAfter: 20 });
    child.killTree();
    expect(await ended(child)).toEqual([null, 'SIGKILL']);
    expect(isRunning(daemon)).toBe(false);
  });

  test('stops and continues all', async () => {
    const child = spawn('sh', ['-c', 'echo $$; read line'], PROFILE, { descendants: 'kill' });
    const daemon = await printed(child); // It starts no process: a shell that waits for vfork(2) is not shown as stopped.
    const stopped = () => /^State:\s+T/m.test(readFileSync(`/proc/${daemon}/status`, 'utf8'));
    child.killTree('SIGSTOP');
    while (!stopped()) await new Promise(setImmediate);
    child.killTree('SIGCONT');
    while (stopped()) await new Promise(setImmediate);
    expect(isRunning(daemon)).toBe(true);
    child.killTree('SIGKILL');
    await child.treeEnded;
  });

  test.each([
    ['a timeout', (options: SpawnOptions) => withDaemon('wait', { ...options, timeout: 200 })],
    [
      'an abort',
      async (options: SpawnOptions) => {
        const controller = new AbortController();
        const started = await withDaemon('wait', { ...options, signal: controller.signal });
        started.child.on('error', () => {});
        controller.abort();
        return started;
      },
    ],
    [
      'await using',
      async (options: SpawnOptions) => {
        const started = await withDaemon('wait', options);
        await started.child[Symbol.asyncDispose]();
        expect(isRunning(started.daemon)).toBe(false);
        return started;
      },
    ],
    [
      'using',
      async (options: SpawnOptions) => {
        const started = await withDaemon('wait', options);
        started.child[Symbol.dispose]();
        return started;
      },
    ],
  ])('%s ends all', async (_, start) => {
    const { child, daemon } = await start({ forceKillAfter: 50 });
    await child.treeEnded;
    expect(isRunning(daemon)).toBe(false);
  });

  test('the private directory exists until the tree has ended', async () => {
    const script = 'echo $TMPDIR; sh -c "sleep 60" & exit';
    const child = spawn('sh', ['-c', script], PROFILE, {
      descendants: 'kill',
      paths: { read: ['@system', '@tmp'] },
    });
    let directory = '';
    child.stdout.on('data', (chunk: Buffer) => {
      directory += chunk;
    });
    let existed: boolean | undefined;
    void child.treeEnded?.then(() => {
      existed = existsSync(directory.trim());
    });
    await ended(child);
    expect([existed !== undefined, existsSync(directory.trim())]).toEqual([true, false]);
  });

  test('a guardian that is killed takes the child with it, and is reported', async () => {
    const { child, daemon } = await withDaemon('wait');
    const errors: Error[] = [];
    child.on('error', (error) => errors.push(error));
    process.kill(await guardianOf(child), 'SIGKILL');
    const end = ended(child);
    await expect(child.treeEnded).rejects.toThrow('may remain: their guardian was ended by another process');
    expect(await end).toEqual([null, 'SIGKILL']);
    expect(errors.map(String)).toEqual([expect.stringContaining(`child ${child.pid}`)]);
    expect(child.killTree()).toBe(false);
    process.kill(daemon, 'SIGKILL');
  });

  test('a tree that was not started is not signaled', async () => {
    const child = spawn('/nowhere', [], PROFILE, { descendants: 'kill' });
    expect(child.killTree()).toBe(false);
    const [error] = await once(child, 'error');
    expect([error.code, child.killTree()]).toEqual(['ENOENT', false]);
  });

  test('under unconfined, isolates the child', async () => {
    const child = spawn('true', [], 'unconfined', { descendants: 'kill' });
    expect(child.enforcement.isolation.by).toBe('scopes');
    await child.treeEnded;
  });

  test.each([
    [{ detached: true }, 'ERR_SECCOMP_OPTION', 'leave out detached'],
    [{ isolate: false }, 'ERR_SECCOMP_OPTION', 'leave out isolate: false'],
  ] as const)('refuses %j', (options, code, remedy) => {
    const error = errorOf(() => spawn('true', [], PROFILE, { descendants: 'kill', ...options }));
    expect([error.code, error.message]).toEqual([
      code,
      expect.stringMatching(`^options.descendants: 'kill' can't be honored: .*${remedy}`),
    ]);
  });

  test('harden refuses it, and says what to do', () => {
    const descendants = { descendants: 'kill' } as object;
    expect(errorOf(() => harden(PROFILE, descendants)).message).toContain(
      'start programs by functions with this option',
    );
  });

  test('refuses other values', () => {
    expect(() => spawn('true', [], PROFILE, { descendants: 'end' as 'kill' })).toThrow(
      "must be one of: undefined, 'kill', 'leave'",
    );
  });
});

describe('descendants: leave', () => {
  test('is the default of spawn', async () => {
    const child = spawn('true', [], PROFILE);
    expect([child.treeEnded, child.enforcement.tree]).toEqual([undefined, undefined]);
    const error = errorOf(() => child.killTree());
    expect([error.code, error.message]).toEqual([
      'ERR_SECCOMP_OPTION',
      `killTree: the descendants of child ${child.pid} are left: give the option descendants: 'kill'`,
    ]);
    await ended(child);
  });

  test('leaves them, and waits for none that holds a pipe', async () => {
    const holds = "setsid sh -c 'echo $$; while :; do sleep 60; done' & wait";
    const controller = new AbortController();
    const child = spawn('sh', ['-c', holds], PROFILE, { signal: controller.signal });
    child.on('error', () => {});
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await once(child.stdout, 'data');
    controller.abort();
    expect(await ended(child)).toEqual([null, 'SIGTERM']);
    expect(isRunning(Number(text))).toBe(true);
    process.kill(Number(text), 'SIGKILL');
  });

  test('is what run falls back to', async () => {
    const { enforcement } = await run('true', [], PROFILE, { isolate: false });
    expect(enforcement.tree).toEqual({ reason: 'a guardian needs isolation: leave out isolate: false' });
    expect((await run('true', [], PROFILE, { descendants: 'leave' })).enforcement.tree).toBeUndefined();
  });
});

describe.skipIf(!hasScopes)('by default', () => {
  test('run ends all', async () => {
    const { stdout, enforcement } = await run('sh', ['-c', DAEMON.replace('exec >&- 2>&-;', '')], PROFILE);
    expect([enforcement.tree, isRunning(Number(stdout))]).toEqual([{ by: 'guardian' }, false]);
  });

  test('spawnSync ends all if it has a timeout', () => {
    const { stdout, error, enforcement } = spawnSync('sh', ['-c', `${DAEMON} wait`], PROFILE, {
      timeout: 300,
      forceKillAfter: 20,
      encoding: 'utf8',
    });
    expect([Reflect.get(Object(error), 'code'), enforcement?.tree]).toEqual(['ETIMEDOUT', { by: 'guardian' }]);
    expect(isRunning(Number(stdout))).toBe(false);
    expect(spawnSync('true', [], PROFILE).enforcement?.tree).toBeUndefined();
  });

  test('a Sandbox leaves them, as child_process does', () => {
    expect(new Sandbox(PROFILE).spawn('true').treeEnded).toBeUndefined();
  });

  test.each([
    ['seccomp run ends all', [], false],
    ['seccomp run --explain ends all', ['--explain'], false],
    ['seccomp run --keep-descendants leaves them', ['--keep-descendants'], true],
  ])('%s', async (_, flags, isLeft) => {
    const script = `${DAEMON} read line`;
    const child = spawnInNode(process.execPath, [command, 'run', ...flags, '--', 'sh', '-c', script]);
    const daemon = await printed(child);
    expect(isRunning(daemon)).toBe(true);
    child.stdin.end();
    await ended(child);
    while (!isLeft && isRunning(daemon)) await new Promise(setImmediate);
    expect(isRunning(daemon)).toBe(isLeft);
    if (isLeft) process.kill(daemon, 'SIGKILL');
  });

  test('a confined program starts programs with guardians of their own', async () => {
    const script = DAEMON.replace('exec >&- 2>&-;', '');
    const { stdout, stderr } = await run(process.execPath, [command, 'run', '--', 'sh', '-c', script], PROFILE);
    expect([stderr, isRunning(Number(stdout))]).toEqual(['', false]);
  });

  test('a confined program that can’t read /proc is told that their end is not confirmed', async () => {
    const started = `run('sh', ['-c', ${JSON.stringify(DAEMON.replace('exec >&- 2>&-;', ''))}], '${PROFILE}')`;
    const script = `import(process.argv[1]).then(({ run }) => ${started}).then((result) => console.log(JSON.stringify(result)))`;
    const package_ = fileURLToPath(new URL('../..', import.meta.url));
    const paths = { read: ['@system', '@node'], execute: [package_] };
    const { stdout } = await run(process.execPath, ['-e', script, `${package_}dist/index.js`], PROFILE, { paths });
    const inner = JSON.parse(stdout);
    expect(inner.enforcement.tree).toEqual({ by: 'guardian', reason: expect.stringContaining('/proc') });
    expect(isRunning(Number(inner.stdout))).toBe(false);
  });

  test('execve leaves this process as it was if the program can’t be executed', () => {
    expect(() => execve('/nowhere', [], PROFILE, { descendants: 'kill' })).toThrow('ENOENT');
    expect(process.kill(process.ppid, 0)).toBe(true);
  });
});

/** The ID of a child's guardian: the process of this name whose parent is this process, and that watches the child. */
async function guardianOf({ pid }: SandboxedProcess): Promise<number> {
  const { readdirSync } = await import('node:fs');
  for (const each of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${each}/cmdline`, 'utf8').split('\0');
      if (words[0] === 'seccomp-guardian' && words[3] === String(pid)) return Number(each);
    } catch {} // It has ended meanwhile.
  }
  return expect.fail(`child ${pid} has no guardian (${constants.errno.ESRCH})`);
}
