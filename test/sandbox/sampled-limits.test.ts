/** `limits` with `exact: false`. test/adversary/limits has programs that pass them, native/test/weigh_test.cc what is weighed. */
import { spawnSync as spawnSyncInNode } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import * as sampled from '../../lib/process-tree/sampled-limits.js';
import { Profile } from '../../lib/profile/profile.js';
import { record } from '../../lib/record/record.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { describeUnless } from '../support/describe-unless.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const PROFILE = 'docker-default';
/** A shell and three that it starts. */
const FOUR = ['-c', 'for i in 1 2 3; do sleep 60 & done; wait'];
const TWO = { limits: { processes: 2, exact: false }, timeout: 60_000 } as const;
const ENFORCED = { by: 'guardian', sampledEvery: 100, enforced: ['processes'], open: [] };
const TEXT = 'it had more processes and threads than it may (options.limits.processes)';

const { by, reason } = isolationSupport();

describeUnless(by === 'scopes' ? undefined : String(reason), 'limits with exact: false', () => {
  test('are enforced by a guardian', async () => {
    const limits = { memory: '1G', processes: 64, cpu: 8, exact: false } as const;
    const { enforcement, limit } = await run('sh', ['-c', 'sh -c "exit 0"'], PROFILE, { limits });
    expect(limit).toBeNull();
    expect(enforcement).toMatchObject({
      tree: { by: 'guardian' },
      limits: { ...ENFORCED, enforced: ['memory', 'processes', 'cpu'], open: ['uncounted-memory', 'unawaited-cpu'] },
    });
  });

  test.each([
    ['processes', { processes: 64 }, 5],
    ['memory', { memory: '1G' }, 0],
  ] as const)(
    'of %s start the program with a nice value that is higher by as much as docs/reference/limits.md says',
    async (_, limits, steps) => {
      const script = 'process.stdout.write(String(os.getPriority()))';
      const { stdout } = await run(process.execPath, ['-e', script], PROFILE, { limits: { ...limits, exact: false } });
      expect(Number(stdout)).toBe(Math.min(19, getPriority() + steps));
    },
  );

  test('hold where a filter denies to lower the priority', async () => {
    const denied = Profile.denylist().deny('getpriority', 'setpriority', 'sched_getattr', 'sched_setattr');
    const code = `import { run } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const { limit } = await run('sh', ${JSON.stringify(FOUR)}, 'docker-default', ${JSON.stringify(TWO)}).catch((error) => error);
      process.stdout.write(String(limit));`;
    expect((await run(process.execPath, ['--input-type=module', '-e', code], denied)).stdout).toBe('processes');
  });

  test('make no call that systemd’s ~@resources denies, without one of processes', async () => {
    const names = ['setpriority', 'sched_setattr'];
    const killing = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names, action: 'SCMP_ACT_KILL_PROCESS' }],
    } as const;
    const code = `import { run } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      await run('true', 'docker-default');
      const limits = { memory: '1G', cpu: 8, exact: false };
      const { enforcement } = await run('true', 'docker-default', { limits });
      process.stdout.write(enforcement.limits.by);`;
    expect((await run(process.execPath, ['--input-type=module', '-e', code], killing)).stdout).toBe('guardian');
  });

  test('end a child, which names the limit at its exit', async () => {
    const child = spawn('sh', FOUR, PROFILE, { ...TWO, stdio: 'ignore' });
    expect(child.limit).toBeNull();
    const ends: unknown[] = [];
    child.on('error', (error) => ends.push(error));
    child.on('exit', (code, signal) => ends.push(code, signal, child.limit));
    await once(child, 'close');
    expect(ends).toEqual([null, 'SIGKILL', 'processes']);
    expect(child.enforcement.limits).toEqual(ENFORCED);
    await child.treeEnded;
  });

  test('end what run starts, and the error says so', async () => {
    const expected = { limit: 'processes', signal: 'SIGKILL', message: expect.stringContaining(TEXT) };
    await expect(run('sh', FOUR, PROFILE, TWO)).rejects.toMatchObject(expected);
    await expect(run('sh', FOUR, 'unconfined', TWO)).rejects.toMatchObject(expected);
  });

  test('end what spawnSync starts', () => {
    const result = spawnSync('sh', FOUR, PROFILE, TWO);
    expect(result).toMatchObject({ limit: 'processes', signal: 'SIGKILL', status: null });
    expect(result).not.toHaveProperty('error');
    expect(result.enforcement?.limits).toEqual(ENFORCED);
  });

  test('end what execFile and execFileSync start', async () => {
    const { execFile, execFileSync } = new Sandbox(PROFILE, { limits: TWO.limits });
    const error = await new Promise((resolve) => {
      execFile('sh', FOUR, resolve);
    });
    const expected = { limit: 'processes', message: expect.stringContaining(TEXT) };
    expect(error).toMatchObject(expected);
    expect(() => execFileSync('sh', FOUR)).toThrow(expect.objectContaining(expected));
  });

  test('end a program that is recorded', async () => {
    expect(await record('sh', FOUR, TWO)).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('are not what ended a program that was killed or timed out', async () => {
    const limits = { processes: 20, exact: false };
    await expect(run('sh', ['-c', 'kill -9 $$'], PROFILE, { limits })).rejects.toMatchObject({
      ...{ limit: null, signal: 'SIGKILL' },
    });
    await expect(run('sleep', ['60'], PROFILE, { limits, timeout: 50, killSignal: 'SIGKILL' })).rejects.toMatchObject({
      limit: 'time',
      signal: 'SIGKILL',
    });
  });

  test.each<[SpawnOptions, string, RegExp]>([
    [
      { descendants: 'leave' },
      'ERR_SECCOMP_OPTION',
      /descendants: 'leave' keeps it from .*: leave out one of the two$/,
    ],
    [
      { detached: true },
      'ERR_SECCOMP_OPTION',
      /a detached child .*: leave out detached, or give limits with exact: true$/,
    ],
    [{ isolate: false }, 'ERR_SECCOMP_OPTION', /a guardian needs isolation: leave out isolate: false$/],
  ])('are refused with %o', (options, code, reason) => {
    const message = expect.stringMatching(
      /^options\.limits that a guardian may sample, which kills all descendants, can't be honored: /,
    );
    const start = () => spawn('true', PROFILE, { ...options, limits: TWO.limits });
    expect(start).toThrow(expect.objectContaining({ code, message }));
    expect(start).toThrow(reason);
  });

  test('are left out with bestEffort where there can be no guardian', async () => {
    const child = spawn('sh', ['-c', 'true & true & true & wait'], PROFILE, {
      ...{ ...TWO, isolate: false, bestEffort: true, stdio: 'ignore' },
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    const { tree, limits } = child.enforcement;
    const why = { reason: 'a guardian needs isolation: leave out isolate: false' };
    expect({ tree, limits }).toEqual({ tree: why, limits: { ...why, enforced: [] } });
  });

  describe('where the guardian could not see all processes', () => {
    const obstacle = { reason: '/proc hides some', remedy: 'mount another' };

    test('are refused with the remedy', () => {
      vi.spyOn(sampled, 'ownProcObstacle').mockReturnValue(obstacle);
      const message =
        "options.limits can't be honored: /proc hides some; mount another; bestEffort: true starts the program without";
      expect(() => spawn('true', PROFILE, TWO)).toThrow(
        expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED', message }),
      );
    });

    test('are left out with bestEffort', async () => {
      vi.spyOn(sampled, 'ownProcObstacle').mockReturnValue(obstacle);
      const script = 'true & true & true & wait';
      const { enforcement } = await run('sh', ['-c', script], PROFILE, { ...TWO, bestEffort: true });
      expect(enforcement).toMatchObject({
        tree: { by: 'guardian' },
        limits: { reason: '/proc hides some; mount another', enforced: [] },
      });
    });
  });

  test('a guardian that can’t read /proc ends the tree, and that is an error', ({ skip }) => {
    const canMount = spawnSyncInNode('unshare', ['-m', 'true']).status === 0;
    skip(process.getuid?.() !== 0 || !canMount, 'only root with CAP_SYS_ADMIN can mount over /proc');
    const script = fileURLToPath(new URL('without-proc.mjs', import.meta.url));
    const { stdout, stderr, status } = spawnSyncInNode('unshare', ['-m', process.execPath, script], {
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const message = expect.stringMatching(
      /^child \d+ and all that it has started were ended, since their guardian could not read in \/proc what they use/,
    );
    const end = { message, exit: [null, 'SIGKILL', null], rejected: null };
    expect(JSON.parse(stdout)).toEqual([end, end]);
  });
});
