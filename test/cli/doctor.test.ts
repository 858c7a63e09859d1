/** `seccomp doctor`: reports what is supported, and remedies for what is missing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { features } from '../../lib/host.js';
import { run as runInLibrary } from '../../lib/index.js';
import { kernelConfig } from '../../lib/kernel/config.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';
import { run, statusOf } from '../support/processes.js';

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; detail: string; remedy?: string }[];
}

test('reports the kernel, its actions and flags, and a program that ran', async () => {
  const { status, stdout } = await seccomp('doctor', '--json');
  const report: Report = JSON.parse(stdout);
  expect(report.checks.map(({ name }) => name).join(', ')).toBe(
    'kernel, CONFIG_SECCOMP, actions, flags, isolation, paths, tree, limits, privileges, filters, container, trial run',
  );
  expect(report.checks.filter(({ state }) => state === 'fail')).toEqual([]);
  expect({ ok: report.ok, status }).toEqual({ ok: true, status: 0 });
});

test('prints one line for each check, without colors if stdout is not a terminal', async () => {
  const { stdout } = await seccomp('doctor');
  expect(stdout).toMatch(/^✓ kernel {9}Linux /);
  expect(stdout).toMatch(/✓ trial run {6}a Node program ran under docker-default\n/);
});

test('agrees with the files of the kernel', () => {
  const found = features();
  const named: Readonly<Record<string, string>> = {
    kill_process: 'kill-process',
    kill_thread: 'kill-thread',
    user_notif: 'notify',
  };
  const available = readFileSync('/proc/sys/kernel/seccomp/actions_avail', 'utf8').trim().split(' ');
  expect(found.actions).toEqual(available.map((name) => named[name] ?? name));
  expect(found.self.mode).toBe(Number(statusOf('self').get('Seccomp')));
});

test('agrees with what is enforced on a program', async () => {
  const limits = { memory: '512M', processes: 64, cpu: 1 } as const;
  const options = { limits, paths: { read: ['@system'] }, bestEffort: true };
  const { enforcement } = await runInLibrary('true', [], 'docker-default', options);
  const { checks }: Report = JSON.parse((await seccomp('doctor', '--json')).stdout);
  const stateOf = (name: string) => checks.find((each) => each.name === name)?.state;
  expect(stateOf('tree')).toBe(enforcement.tree?.by === 'guardian' ? 'ok' : 'limit');
  expect(stateOf('limits')).toBe(enforcement.limits?.enforced.length === 3 ? 'ok' : 'limit');
});

test('agrees with the configuration of the kernel', ({ skip }) => {
  const config = kernelConfig();
  if (config.file === null) return skip('the configuration of this kernel is in no file');
  expect(config.options).toMatchObject({ CONFIG_SECCOMP: 'y', CONFIG_SECCOMP_FILTER: 'y' });
});

/** Runs the command under a profile that denies a system call. Returns its status, and what finds a check. */
async function reportWithout(name: string, action: string, errnoRet?: number) {
  const rule = { names: [name], action, ...(errnoRet && { errnoRet }) };
  const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] } as const;
  const { stdout, code } = await run(process.execPath, [main, 'doctor', '--json'], profile as never);
  const { checks }: Report = JSON.parse(stdout);
  return { code, check: (of: string) => checks.find((each) => each.name === of) };
}

test.each([
  ['without seccomp(2)', 38],
  ['where a filter forbids it', 1],
])('fails %s, with a remedy', async (_, errnoRet) => {
  const { code, check } = await reportWithout('seccomp', 'SCMP_ACT_ERRNO', errnoRet);
  expect(check('CONFIG_SECCOMP')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('seccomp(2) fails'),
    remedy: expect.stringMatching(/^an attached filter denies seccomp\(2\): change the profile/),
  });
  expect(check('trial run')?.state).toBe('fail');
  expect(code).toBe(1);
});

test.each(['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_ERRNO'])(
  'says that files can’t be restricted where a filter makes Landlock fail with %s',
  async (action) => {
    const { code, check } = await reportWithout('landlock_create_ruleset', action);
    expect(check('paths')).toMatchObject({
      state: 'limit',
      detail: expect.stringContaining("can't be restricted: an attached filter denies Landlock"),
    });
    expect(code).toBe(0);
  },
);
