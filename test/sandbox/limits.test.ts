/**
 * What a limit does to a program and to what is reported, and limits that this machine can't enforce. test/process-tree/limits
 * has programs in real cgroups.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import * as cgroup from '../../lib/process-tree/cgroup.js';
import type { Leaf, LeafEvents } from '../../lib/process-tree/leaf.js';
import { kernelLimit, limitText } from '../../lib/process-tree/limit-reason.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { type RunOptions, run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const directory = mkdtempSync(join(tmpdir(), 'seccomp-limits-'));
afterAll(() => rmSync(directory, { recursive: true }));

const SPIN = 'while :; do :; done';
const WRITE = `exec dd if=/dev/zero of=${join(directory, 'file')} bs=1k count=100 2>/dev/null`;

const CASES: readonly (readonly [string, string, RunOptions])[] = [
  ['time', SPIN, { timeout: 50 }],
  ['output', 'exec cat /dev/zero', { maxBuffer: 1000 }],
  ['file-size', WRITE, { rlimits: { fsize: '4K' } }],
];

/** The error with which run() rejects. */
async function rejection(script: string, options: RunOptions): Promise<RunError> {
  const error: unknown = await run('sh', ['-c', script], 'docker-default', options).catch((reason) => reason);
  return error instanceof RunError ? error : expect.fail(`no RunError: ${error}`);
}

describe.each(CASES)('the limit %s is named', (limit, script, options) => {
  test('in the error of run', async () => {
    const error = await rejection(script, options);
    expect(error).toMatchObject({ limit });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ limit });
    expect(Object.keys(error)).not.toContain('limit');
  });

  test('in the result of spawnSync', () => {
    expect(spawnSync('sh', ['-c', script], 'docker-default', options)).toMatchObject({ limit });
  });

  test('by a child that has ended', async ({ skip }) => {
    skip(limit === 'output', 'spawn has no maxBuffer');
    const child = spawn('sh', ['-c', script], 'docker-default', { ...options, stdio: 'ignore' } as SpawnOptions);
    expect(child.limit).toBeNull();
    await once(child, 'close');
    expect(child.limit).toBe(limit);
  });
});

test('the limit cpu is named', async () => {
  expect(await rejection(SPIN, { rlimits: { cpu: { soft: 1, hard: 2 } } })).toMatchObject({ limit: 'cpu' });
});

test('a program that is aborted has reached no limit', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  expect(await rejection(SPIN, { signal: controller.signal })).toMatchObject({ limit: null, code: 'ABORT_ERR' });
});

test('a program that ends well, or fails, has reached no limit', async () => {
  expect(await run('true', 'docker-default')).toMatchObject({ limit: null });
  expect(await rejection('exit 3', {})).toMatchObject({ limit: null });
  expect(spawnSync('no-such-program', 'docker-default')).toMatchObject({ limit: null });
});

test('the errors of execFile and execFileSync name the limit, but not enumerable', async () => {
  const { execFile, execFileSync } = new Sandbox('docker-default', { rlimits: { fsize: '4K' } });
  const error = await new Promise<Error | null>((resolve) => {
    execFile('sh', ['-c', WRITE], resolve);
  });
  const text = /\nit wrote too large a file \(options\.rlimits\.fsize\)$/;
  expect(error).toMatchObject({ limit: 'file-size', message: expect.stringMatching(text) });
  expect(Object.keys(error ?? {})).not.toContain('limit');
  const thrown = expect.objectContaining({ limit: 'file-size', message: expect.stringMatching(text) });
  expect(() => execFileSync('sh', ['-c', WRITE])).toThrow(thrown);
});

test('the result of a Sandbox has the limit, but not enumerable', () => {
  const result = new Sandbox('docker-default').spawnSync('true');
  expect(Object.keys(result)).not.toContain('limit');
  expect(result).toHaveProperty('limit', null);
});

test.each<[{ code: number | null; signal: NodeJS.Signals | null }, LeafEvents, boolean, string | null]>([
  [{ code: null, signal: 'SIGKILL' }, { memoryKills: 1, processRefusals: 1 }, false, 'memory'],
  [{ code: 1, signal: null }, { memoryKills: 0, processRefusals: 1 }, false, 'processes'],
  [{ code: 1, signal: null }, { memoryKills: 0, processRefusals: 0 }, false, null],
  [{ code: 0, signal: null }, { memoryKills: 1, processRefusals: 1 }, false, null],
  [{ code: null, signal: 'SIGTERM' }, { memoryKills: 1, processRefusals: 1 }, true, null],
  [{ code: null, signal: 'SIGXCPU' }, { memoryKills: 1, processRefusals: 1 }, false, 'cpu'],
])('an end %o with the events %o, stopped: %o, is that of the limit %o', (end, events, isStopped, limit) => {
  expect(kernelLimit(end, { events: () => events } as Leaf, isStopped)).toBe(limit);
});

test.each<[number, object, string | null]>([
  [153, { fsize: 4096 }, 'file-size'],
  [153, { cpu: 1 }, null],
  [153, {}, null],
  [152, { cpu: { soft: 1, hard: 2 } }, 'cpu'],
  [152, {}, null],
])('the exit code %i, as that of a shell, is that of the limit that is given: %o', async (code, rlimits, limit) => {
  const [command, args] = ['sh', ['-c', `exit ${code}`]] as const;
  const failed: RunError = await run(command, args, 'docker-default', { rlimits }).catch((error) => error);
  expect([failed.limit, spawnSync(command, args, 'docker-default', { rlimits }).limit]).toEqual([limit, limit]);
});

test('the text names the option', () => {
  expect([null, 'time', 'output'].map((limit) => limitText(limit as null))).toEqual(['', '', '']);
  expect(limitText('memory')).toBe('it needed more memory than it may use (options.limits.memory)');
});

const PROTECTED: SpawnOptions = { paths: { read: ['@system'] } };
const OBSTACLE = { reason: 'cgroup v2 is not mounted', remedy: 'mount it at /sys/fs/cgroup' };

describe('where there is no cgroup', () => {
  const start = (options: RunOptions) => run('true', 'docker-default', { ...PROTECTED, ...options });

  test('limits are an error with the remedy', async () => {
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue(OBSTACLE);
    await expect(start({ limits: { processes: 9 } })).rejects.toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message:
        "options.limits can't be honored: cgroup v2 is not mounted; give exact: 'preferred', which lets a guardian enforce them, or mount it at /sys/fs/cgroup; bestEffort: true starts the program without",
    });
  });

  test('with bestEffort, the program starts without, and enforcement says so', async () => {
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue(OBSTACLE);
    const { enforcement } = await start({ limits: { processes: 9 }, bestEffort: true });
    expect(enforcement.limits).toEqual({
      reason: 'cgroup v2 is not mounted; mount it at /sys/fs/cgroup',
      enforced: [],
    });
  });

  test('no limits need none', async () => {
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue(OBSTACLE);
    expect((await start({ limits: {} })).enforcement).not.toHaveProperty('limits');
  });
});

test.each([
  [
    { bestEffort: true },
    /^options\.bestEffort: has no effect without options\.paths or options\.limits: add that, or leave it out$/,
  ],
] as const)('%o is refused', async (options, message) => {
  await expect(run('true', 'docker-default', options)).rejects.toMatchObject({
    code: 'ERR_SECCOMP_OPTION',
    message: expect.stringMatching(message),
  });
});

test.each(['harden', 'execve'] as const)('%s refuses limits with a reason', async (name) => {
  const { reasonsAgainst } = await import('../../lib/sandbox/options/table.js');
  expect(reasonsAgainst(name).get('limits')).toMatch(/\w+.*: /);
});
