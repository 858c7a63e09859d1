/** Filters that real programs attach to themselves, read out of the kernel. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compileC } from '../support/compile-c.js';
import { checkMeaning } from '../support/decompiled.js';
import { until } from '../support/until.mjs';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-decompile-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Why no filter can be read out of the kernel here. */
const obstacle = process.arch !== 'x64' || process.getuid?.() !== 0 ? 'needs root, on x86_64' : undefined;
const isInstalled = (name: string) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

/** A process and its descendants. */
function* family(pid: number): Generator<number> {
  yield pid;
  for (const task of readdirSync(`/proc/${pid}/task`))
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean))
      yield* family(Number(child));
}

function filterCount(pid: number): number {
  return Number(/^Seccomp_filters:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** The filters of the first one in the family that `isMeant` and has any. */
async function filtersOf(child: ChildProcess, isMeant: (commandLine: string) => boolean): Promise<readonly Buffer[]> {
  let found: readonly Buffer[] = [];
  await until(() => {
    try {
      const pids = [...family(child.pid ?? 0)];
      const pid = pids.find((each) => filterCount(each) > 0 && isMeant(readFileSync(`/proc/${each}/cmdline`, 'utf8')));
      found = pid === undefined ? [] : split(execFileSync(compileC('read-filters.c'), [String(pid)]));
    } catch {
      found = []; // One of them has just ended.
    }
    return found.length > 0;
  });
  return found;
}

function split(all: Buffer): readonly Buffer[] {
  if (all.length === 0) return [];
  const end = 4 + 8 * all.readUInt32LE();
  return [all.subarray(4, end), ...split(all.subarray(end))];
}

const quiet = '--headless --no-first-run --disable-gpu --disable-quic --disable-background-networking --disable-sync';
const PROGRAMS: Readonly<Record<string, { command: string; args: readonly string[]; isMeant?: string; uid?: number }>> =
  {
    firejail: { command: 'firejail', args: ['--quiet', '--noprofile', '--seccomp', 'sleep', '60'] },
    qemu: {
      command: 'qemu-system-x86_64',
      args: '-machine none -nographic -monitor none -S -sandbox on,elevateprivileges=deny,spawn=deny'.split(' '),
    },
    // With its sandbox, which it has for plain users only. Its traps tell their reasons by their data.
    'chromium, a renderer': {
      command: 'chromium',
      args: [...quiet.split(' '), `--user-data-dir=${directory}`, 'about:blank'],
      isMeant: '--type=renderer',
      uid: 61_235,
    },
  };

describe.each(Object.entries(PROGRAMS))('%s', (_, { command, args, isMeant = '', uid }) => {
  test('its filters are decompiled, and filters compiled from the result decide alike', async ({ skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    if (!isInstalled(command)) skip(`${command} is not installed`);
    if (uid !== undefined) chownSync(directory, uid, uid);
    const env = { ...process.env, HOME: directory };
    const child = spawn(command, args, {
      stdio: 'ignore',
      env,
      detached: true,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const ended = once(child, 'exit');
    try {
      for (const bytes of await filtersOf(child, (line) => line.includes(isMeant))) {
        const { theirs, ours } = checkMeaning(bytes);
        expect(ours.length).toBeLessThan(theirs.length);
      }
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
    }
  }, 180_000);
});
