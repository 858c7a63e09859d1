/** `seccomp run` with --timeout, --memory, --processes and --cpu. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limitOptions } from '../../lib/cli/options/limit-options.js';
import type { Obstacle } from '../../lib/kernel/obstacle.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import * as cgroup from '../../lib/process-tree/cgroup.js';
import { limitsFor } from '../../lib/sandbox/plan/limits.js';
import { seccomp } from '../support/command-line.js';

afterEach(() => vi.restoreAllMocks());

describe('limitOptions', () => {
  test.each([
    ['1.5', 1_500],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['24d', 2_073_600_000],
    ['1ms', 1],
    ['0.5ms', 1],
    ['2147483647ms', 2 ** 31 - 1],
  ])('--timeout %s is %d ms', (timeout, milliseconds) => {
    expect(limitOptions({ timeout })).toEqual({ timeout: milliseconds });
  });

  test.each(['0', '0.1ms', '-1', '', '5 s', '5x', 'm', '25d', '1e3', '2147483648ms', '0.4ms'])(
    'refuses --timeout "%s"',
    (timeout) => {
      expect(() => limitOptions({ timeout })).toThrow(
        `--timeout: must be a time from 1ms to 24d, such as 1.5 (seconds), 500ms, 90s, 5m or 2h, not "${timeout}"`,
      );
    },
  );

  test('takes sizes and numbers', () => {
    const limits = { memory: 512n << 20n, processes: 64, cpu: 1.5 };
    expect(limitOptions({ memory: '512M', processes: '64', cpu: '1.5' }).limits).toMatchObject(limits);
    expect(limitOptions({ memory: '1048576' }).limits).toMatchObject({ memory: 1_048_576n });
    expect(limitOptions({})).toEqual({});
  });

  test.each([
    [{ memory: 'much' }, '--memory: must be a number of bytes, or a text such as "512M"'],
    [{ memory: '-1' }, '--memory: must be a number of bytes'],
    [{ memory: '512' }, '--memory: must be at least 1M, and this is 512 bytes'],
    [{ processes: 'many' }, "--processes: must be an integer from 1 to 4,194,304, not 'many'"],
    [{ processes: '0' }, '--processes: must be an integer from 1 to 4,194,304, not 0'],
    [{ processes: '1.5' }, '--processes: must be an integer from 1 to 4,194,304, not 1.5'],
    [{ cpu: '-1' }, "--cpu: must be a number of CPUs from 0.01 to 8,192, not '-1'"],
    [{ cpu: '0' }, '--cpu: must be a number of CPUs from 0.01 to 8,192, not 0'],
  ])('refuses %j, and names the flag', (flags, message) => {
    expect(() => limitOptions(flags)).toThrow(message);
  });
});

test('--sampled prefers a cgroup, and is refused without a limit', () => {
  expect(limitOptions({ processes: '9', sampled: true }).limits).toMatchObject({ processes: 9, exact: 'preferred' });
  expect(() => limitOptions({ timeout: '1', sampled: true })).toThrow('--sampled has no effect without --memory');
});

describe('limits that can’t be enforced', () => {
  /** The message where this process's cgroup is `own`, beneath one with all controllers. */
  function refusal(own: string | Obstacle, flags: Parameters<typeof limitOptions>[0]): string {
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue(typeof own === 'string' ? cgroupAt(own) : own);
    const start = () => limitsFor(limitOptions(flags), undefined);
    try {
      start();
    } catch (error) {
      return String(error);
    }
    return expect.fail('it was not refused');
  }

  const root = mkdtempSync(join(tmpdir(), 'seccomp-limit\\x2doptions-'));
  afterAll(() => rmSync(root, { recursive: true }));

  /** A cgroup in directories that stand for a hierarchy. */
  function cgroupAt(path: string): cgroup.Cgroup {
    for (const directory of [root, join(root, path)]) {
      mkdirSync(directory, { recursive: true });
      const files = { type: 'domain', procs: '', subtree_control: 'cpu memory pids', controllers: 'cpu memory pids' };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, `cgroup.${name}`), text);
    }
    return { path, directory: join(root, path), mount: { root: '/', point: root } };
  }

  test('name their flags, and --best-effort', () => {
    const message = refusal({ reason: 'no cgroup v2', remedy: 'boot another' }, { memory: '64M', cpu: '1' });
    expect(message).toBe(
      "SeccompError [ERR_SECCOMP_UNSUPPORTED]: --memory and --cpu can't be honored: no cgroup v2; give --sampled, which enforces them without a cgroup, or boot another; --best-effort starts COMMAND without",
    );
  });

  test('name the flags that keep the program in its cgroup', () => {
    expect(refusal('/app', { processes: '9' })).toMatch(
      /--processes can't be honored: the program could leave its cgroup: .*; give --read, --write or --execute that grant no writing in /,
    );
  });

  test('have remedies for a shell', () => {
    const subgroup = join(root, 'main');
    expect(refusal('/', { processes: '9' })).toContain(
      `--processes can't be honored: this process is in /, the topmost cgroup that it can see; give --sampled, which enforces them without a cgroup, or first move this shell into a subgroup: mkdir '${subgroup}' && echo $$ >'${subgroup}/cgroup.procs'; --best-effort`,
    );
    const undelegated = { reason: 'not its own', remedy: cgroup.DELEGATE };
    expect(refusal(undelegated, { processes: '9' })).toMatch(
      /, or give it a delegated cgroup: systemd-run --user .* seccomp run …; --best-effort/,
    );
  });
});

describe('seccomp run', () => {
  test('ends a program that runs too long with all that it has started, with status 124', async () => {
    const { status, stderr } = await seccomp('run', '--timeout', '200ms', 'sh', '-c', 'sleep 60 & exec sleep 60');
    expect([status, stderr]).toEqual([124, 'seccomp: sh: it ran longer than it may (--timeout)\n']);
  });

  test('keeps the status of a program that ends in time', async () => {
    expect(await seccomp('run', '--timeout', '1h', '--', 'sh', '-c', 'exit 3')).toMatchObject({ status: 3 });
  });

  test('does not start what can’t be limited, unless --best-effort is given', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-limits-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const started = join(directory, 'started');
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue({ reason: 'no cgroup v2', remedy: 'boot another' });
    const run = (...options: readonly string[]) =>
      seccomp('run', ...options, '--memory', '64M', '--', 'touch', started);
    expect(await run()).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^seccomp: --memory can't be honored: no cgroup v2; /),
    });
    expect(existsSync(started)).toBe(false);
    expect(await run('--best-effort')).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^seccomp: not all limits are enforced: no cgroup v2/),
    });
    expect(existsSync(started)).toBe(true);
  });

  test('has a guardian enforce limits where no cgroup can, with --sampled', async ({ skip }) => {
    skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue({ reason: 'no cgroup v2', remedy: 'boot another' });
    const fork = ['--processes', '2', '--sampled', '--', 'sh', '-c', 'sleep 60 & sleep 60 & wait'];
    expect(await seccomp('run', ...fork)).toMatchObject({
      status: 128 + 9,
      stderr: expect.stringContaining('it had more processes and threads than it may (--processes)'),
    });
  });
});
