/** Starts by the thousand, with everything going wrong that can: nothing is left behind, and no child lacks its filter. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, expect, test } from 'vitest';
import { addon, NULL } from '../../lib/native.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { finish } from '../support/processes.js';

const count = Number(process.env['SECCOMP_TEST_SPAWNS'] ?? 500);
const dist = new URL('../../dist/index.js', import.meta.url).href;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// Other users run the program too.
const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
chmodSync(directory, 0o1777);
const program = join(directory, 'first-call');
/** Made by a child that ran without its filter. */
const marker = join(directory, 'bare');
const flags = ['-static', '-nostdlib', '-ffreestanding', '-fno-pic', '-no-pie', '-fno-stack-protector'];
copyFileSync(compileC('first-call.c', flags), program);
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => expect(existsSync(marker), 'a child ran without its filter').toBe(false));

const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
} as const;

/** What a script of this folder prints. */
function resultOf(name: string, settings: object, rlimits = {}): unknown {
  const args = ['--expose-gc', here(name), JSON.stringify({ dist, program, marker, ...settings })];
  const { stdout, stderr } = spawnSync(process.execPath, args, 'unconfined', { rlimits, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr ?? 'nothing was started');
  return JSON.parse(stdout ?? '');
}

test('a program that runs without its filter is noticed', () => {
  const found = join(directory, 'found');
  expect(nodeSpawnSync(program, [found, 'e']).status).toBe(42);
  expect(existsSync(found)).toBe(true);
});

test(`${count} starts from three threads, many of which fail, leave nothing behind`, () => {
  const seed = 1 + (Date.now() % 1e6);
  const left = resultOf('churn.mjs', { count, workers: 2, seed }) as Record<string, unknown>;
  expect(left, `seed ${seed}`).toMatchObject({ descriptors: [], zombies: 0, resources: [] });
  expect(left['heap'], 'bytes of heap').toBeLessThan(1_000_000 + 100 * count);
  expect(left['memory'], 'bytes of growth').toBeLessThan(24 * 2 ** 20);
}, 300_000);

test('without a descriptor left, starts fail with EMFILE wherever they need one, and work again', () => {
  expect(resultOf('exhaust.mjs', { what: 'descriptors' }, { nofile: 64 })).toEqual({
    codes: ['EMFILE'],
    calls: ['clone', 'open', 'socketpair'],
    works: true,
    left: 0,
  });
});

test('without a process left, starts fail with EAGAIN, and work again', ({ skip }) => {
  if (process.getuid?.() !== 0) skip('needs root, to become a user of whom nothing else runs');
  expect(resultOf('exhaust.mjs', { what: 'processes' }, { nproc: 40 })).toEqual({
    codes: ['EAGAIN'],
    calls: ['clone'],
    works: true,
    left: 0,
  });
});

test('filters that the kernel has no room for fail with ENOMEM, and the program does not start', () => {
  // 8 × 4096 instructions, and 4 more for each that is on already: above the kernel's 32768.
  const bytes = Buffer.concat(Array.from({ length: 4096 }, () => instruction(0x06, 0x7fff0000)));
  const started = addon().spawnSync(
    {
      candidates: [program],
      args: ['first-call', marker, 'e'],
      env: '',
      detached: false,
      noNewPrivileges: true,
      stdio: [NULL, NULL, NULL],
      filters: Array.from({ length: 8 }, () => ({ bytes, gate: [] })),
      filterFlags: 0,
    },
    { timeout: 0, maxBuffer: 0, killSignal: 15, forceKillAfter: 5000 },
  );
  expect(started).toEqual({ error: 12, call: 'seccomp' });
});

/** A `struct sock_filter` without jumps, on a little-endian machine. */
function instruction(code: number, k: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}

test('workers that are ended in the middle of their starts leave no zombie and no descriptor', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const { spawn } = require(${JSON.stringify(fileURLToPath(dist))});
    const start = (how) => spawn(${JSON.stringify(program)}, [${JSON.stringify(marker)}, how], ${JSON.stringify(JSON.stringify(profile))});
    parentPort.postMessage(start('p').pid);
    const more = () => { for (let i = 0; i < 5; i++) start('e').on('close', more); };
    more();`;
  const before = readdirSync('/proc/self/fd').length;
  const pids: number[] = [];
  for (let round = 0; round < 8; round++) {
    const worker = new Worker(code, { eval: true });
    pids.push(await new Promise<number>((resolve, reject) => worker.on('message', resolve).on('error', reject)));
    await worker.terminate();
  }
  const running = children();
  expect(running).toEqual(expect.arrayContaining(pids)); // They were not taken for ended.
  for (const pid of running) process.kill(pid, 'SIGKILL');
  await expect
    .poll(() => {
      expect(spawnSync(program, [marker, 'e'], profile).status).toBe(0);
      return children();
    })
    .toEqual([]);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

/** This process's, zombies too. */
function children(): readonly number[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

test('a parent that is killed in the middle leaves no child without its filter', async () => {
  const script = `import { spawn } from ${JSON.stringify(dist)};
    const start = () => spawn(...${JSON.stringify([program, [marker, 'e'], JSON.stringify(profile), { stdio: 'inherit' }])}).on('exit', start);
    for (let i = 0; i < 8; i++) start();
    console.log('started');`;
  for (let round = 0; round < Math.max(5, count / 1000); round++) {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], 'unconfined', {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    parent.stdout?.once('data', () => setTimeout(() => parent.kill('SIGKILL'), round));
    // The children hold the pipe too: it ends with the last of them.
    expect(await finish(parent)).toMatchObject({ signal: 'SIGKILL' });
  }
}, 120_000);
