/** The checks of `seccomp doctor` for machines other than this one. */

import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { doctorCommand } from '../../lib/cli/commands/doctor.js';
import { SeccompError } from '../../lib/errors.js';
import * as host from '../../lib/host.js';
import * as library from '../../lib/index.js';
import type { KernelConfig } from '../../lib/kernel/config.js';
import * as processStatus from '../../lib/kernel/process-status.js';
import { ACTION_KINDS } from '../../lib/policy/action.js';
import * as limits from '../../lib/process-tree/limits-support.js';
import { programEnd } from '../../lib/process-tree/program-end.js';
import * as tree from '../../lib/sandbox/plan/tree.js';

beforeEach(() => endTrial([0, null]));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Lets the program of the trial run end, or fail with an error. */
function endTrial(end: readonly [code: number | null, signalNumber: number | null] | Error): void {
  vi.spyOn(library, 'spawn').mockImplementation(() => {
    const child = Object.assign(new EventEmitter(), { end: end instanceof Error ? undefined : programEnd(...end) });
    setImmediate(() => (end instanceof Error ? child.emit('error', end) : child.emit('exit', ...end)));
    return child as never;
  });
}

const machine: host.Features = {
  kernel: '6.12.3',
  config: { file: '/boot/config', options: { CONFIG_SECCOMP: 'y', CONFIG_SECCOMP_FILTER: 'y' } },
  seccomp: true,
  actions: [...ACTION_KINDS],
  flags: host.FILTER_FLAGS.map(({ name }) => name),
  self: { reason: null, mode: 0, filters: 0, noNewPrivileges: false, uid: 1000, capabilities: [] },
  isolation: { by: 'scopes', reason: null },
  paths: { rights: [], missing: [], abi: 9, reason: null },
  container: null,
};
const self = (more: Partial<host.Features['self']>) => ({ self: { ...machine.self, ...more } });

/** The checks by name: state, detail and remedy. */
async function checksOn(more: Partial<host.Features>, ...flags: readonly string[]) {
  vi.spyOn(host, 'features').mockReturnValue({ ...machine, ...more });
  return report(...flags);
}

async function report(...flags: readonly string[]) {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await doctorCommand().parseAsync(['--json', ...flags], { from: 'user' });
  const [[text]] = write.mock.calls as [[string]];
  write.mockRestore();
  const { ok, checks } = JSON.parse(text) as { ok: boolean; checks: { name: string; state: string }[] };
  return { ok, status: process.exitCode, checks: Object.fromEntries(checks.map((each) => [each.name, each])) };
}

test('a process that may not read /proc has a remedy', async () => {
  const { status, checks } = await checksOn(self({ reason: "/proc/self/status can't be read (EACCES)" }));
  const unknown = {
    state: 'limit',
    detail: "unknown: /proc/self/status can't be read (EACCES)",
    remedy: 'let the sandbox of this process read /proc: --read /proc; without a sandbox, mount /proc',
  };
  expect([status, checks['privileges'], checks['filters']]).toMatchObject([0, unknown, unknown]);
});

test('a machine that has everything is fine', async () => {
  vi.spyOn(tree, 'treeSupport').mockReturnValue({ by: 'guardian' });
  const names = ['memory', 'processes', 'cpu'] as const;
  vi.spyOn(limits, 'limitsSupport').mockReturnValue({ names, cgroup: '/app', obstacle: null, delegated: null });
  const { ok, status, checks } = await checksOn({});
  expect([ok, status]).toEqual([true, 0]);
  expect(checks).toMatchObject({
    kernel: { state: 'ok', detail: `Linux 6.12.3 on ${process.arch}` },
    CONFIG_SECCOMP: { state: 'ok', detail: expect.stringContaining('CONFIG_SECCOMP_FILTER=y (/boot/config)') },
    actions: { state: 'ok' },
    flags: { state: 'ok' },
    isolation: { state: 'ok' },
    paths: { state: 'ok', detail: 'the access of children to files can be restricted (Landlock, ABI 9)' },
    tree: { state: 'ok' },
    limits: { state: 'ok' },
    privileges: { detail: expect.stringMatching(/^uid 1000 does not have CAP_SYS_ADMIN, no_new_privs is not set;/) },
    filters: { detail: 'none is attached to this process' },
    container: { detail: 'none detected' },
    'trial run': { state: 'ok' },
  });
});

test.each([
  ['untrusted', ['isolation', 'paths', 'tree']],
  ['isolation', ['isolation']],
  ['tree,paths', ['paths', 'tree']],
  ['limits', ['limits']],
  ['network', []],
])('--require %s fails for %j on a machine without Landlock and cgroups', async (required, missing) => {
  vi.spyOn(tree, 'treeSupport').mockReturnValue({ reason: 'none' });
  const obstacle = { reason: 'none', remedy: 'mount it' };
  vi.spyOn(limits, 'limitsSupport').mockReturnValue({ names: [], cgroup: null, obstacle, delegated: null });
  const without = { isolation: { by: null, reason: 'none' }, paths: { ...machine.paths, reason: 'none' } };
  const { ok, status, checks } = await checksOn(without, '--require', required);
  const failed = Object.entries(checks).filter(([, { state }]) => state === 'fail');
  expect(failed.map(([name]) => name)).toEqual(missing);
  expect([ok, status]).toEqual(missing.length === 0 ? [true, 0] : [false, 1]);
});

test.each([
  ['isolation', 0, ['privileges']],
  ['isolation', 1000, []],
  ['untrusted', 0, []],
])('--require %s fails for uid %i, as the start would', async (required, uid, missing) => {
  vi.spyOn(tree, 'treeSupport').mockReturnValue({ by: 'guardian' });
  const { checks } = await checksOn(self({ uid }), '--require', required);
  const failed = Object.entries(checks).filter(([, { state }]) => state === 'fail');
  expect(failed.map(([name]) => name)).toEqual(missing);
});

test('--require refuses what it does not know', async () => {
  const command = doctorCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await expect(command.parseAsync(['--require', 'isolation,path'], { from: 'user' })).rejects.toThrow(
    'unknown dimension "path" (did you mean paths?): give isolation, paths, network, tree, limits, untrusted',
  );
});

test('an addon that can’t be loaded is the only check, and fails', async () => {
  vi.spyOn(host, 'features').mockImplementation(() => {
    throw new SeccompError('ERR_SECCOMP_ADDON', 'the addon is missing');
  });
  expect(await report()).toEqual({
    ok: false,
    status: 1,
    checks: { addon: { name: 'addon', state: 'fail', detail: 'the addon is missing' } },
  });
});

describe('the check of', () => {
  test.each([
    ['5.4.0', 'ok', true],
    ['5.10.1', 'ok', true],
    ['5.3.18', 'fail', false],
    ['4.19.1', 'fail', false],
  ])('kernel %s is %s', async (kernel, state, isOk) => {
    const { ok, status, checks } = await checksOn({ kernel });
    expect([checks['kernel'], ok, status]).toMatchObject([{ state }, isOk, isOk ? 0 : 1]);
  });

  const built = machine.config;
  const unbuilt = { file: '/boot/config', options: { CONFIG_SECCOMP: 'y' } };
  const WITHOUT_FILTERS = /^this kernel has no seccomp filters: use one that is built with CONFIG_SECCOMP=y/;
  beforeEach(() => void vi.spyOn(processStatus, 'hasFilter').mockReturnValue(false));

  test.each<[KernelConfig]>([[{ file: null }], [built]])(
    'seccomp(2), which a filter denies, with the configuration %j, names the filter once',
    async (config) => {
      vi.mocked(processStatus.hasFilter).mockReturnValue(true);
      const { checks } = await checksOn({ seccomp: false, actions: [], flags: [], config });
      expect(checks).toMatchObject({
        CONFIG_SECCOMP: {
          ...{ state: 'fail', detail: expect.stringMatching(/^seccomp\(2\) fails/) },
          remedy:
            'an attached filter denies seccomp(2): change the profile of the container or service that attached it',
        },
        actions: { state: 'limit', detail: 'unknown, as seccomp(2) fails' },
        flags: { state: 'limit', detail: 'unknown, as seccomp(2) fails' },
      });
      expect([checks['actions'], checks['flags']].map((check) => Object.hasOwn(Object(check), 'remedy'))).toEqual([
        false,
        false,
      ]);
    },
  );

  test.each<[boolean, KernelConfig, string, RegExp, RegExp | undefined]>([
    [true, { file: null }, 'ok', /^seccomp\(2\) works; the configuration is in neither/, undefined],
    [true, unbuilt, 'ok', /^seccomp\(2\) works; CONFIG_SECCOMP=y, CONFIG_SECCOMP_FILTER=n/, undefined],
    [false, { file: null }, 'fail', /^seccomp\(2\) fails/, WITHOUT_FILTERS],
    [false, unbuilt, 'fail', /^seccomp\(2\) fails/, WITHOUT_FILTERS],
  ])(
    'seccomp(2), which works: %s, with the configuration %j, is %s',
    async (seccomp, config, state, detail, remedy) => {
      const { checks } = await checksOn({ seccomp, config });
      const expected = { state, detail: expect.stringMatching(detail) };
      expect(checks['CONFIG_SECCOMP']).toMatchObject(expected);
      expect(checks['CONFIG_SECCOMP']).toMatchObject(
        remedy === undefined ? {} : { remedy: expect.stringMatching(remedy) },
      );
    },
  );

  test.each([
    ['5.19.0', true],
    ['6.17.9', true],
    ['6.18.0', false],
    ['7.3.1', false],
  ])('flags says whether Linux %s may repeat an answered call: %s', async (kernel, isSaid) => {
    const { checks } = await checksOn({ kernel });
    const said = 'a signal may repeat a call that a handler or an agent has answered';
    expect(String((checks['flags'] as { detail?: string }).detail).includes(said)).toBe(isSaid);
    const without = await checksOn({ kernel, flags: ['NEW_LISTENER'] });
    expect(without.checks['flags']).toMatchObject({ detail: 'NEW_LISTENER' });
  });

  test('actions and flags names those that are missing', async () => {
    const { ok, checks } = await checksOn({
      actions: ACTION_KINDS.filter((kind) => kind !== 'notify'),
      flags: ['TSYNC', 'LOG', 'SPEC_ALLOW', 'NEW_LISTENER', 'TSYNC_ESRCH'],
    });
    expect(ok).toBe(true);
    expect(checks['actions']).toMatchObject({ state: 'limit', remedy: 'newer kernels also have notify' });
    expect(checks['flags']).toMatchObject({ state: 'limit', remedy: 'WAIT_KILLABLE_RECV needs Linux 5.19' });
    const none = await checksOn({ actions: [], flags: [] });
    expect([none.checks['actions'], none.checks['flags']]).toMatchObject([{ detail: 'none' }, { detail: 'none' }]);
  });

  test.each<[host.Features['isolation'], number, string, RegExp]>([
    [{ by: 'scopes', reason: null }, 0, 'ok', /of other processes \(Landlock\)$/],
    [{ by: 'domain', reason: 'Linux 6.1' }, 1000, 'limit', /but can signal other processes \(Linux 6\.1\)/],
    [{ by: null, reason: 'no Landlock' }, 1000, 'limit', /of the same user: no Landlock$/],
  ])('isolation %j of uid %i is %s', async (isolation, uid, state, detail) => {
    const { checks } = await checksOn({ isolation, ...self({ uid }) });
    expect(checks['isolation']).toMatchObject({ state, detail: expect.stringMatching(detail) });
  });

  test.each<[number, host.Features['paths']['missing'], string, RegExp, string | undefined]>([
    [7, ['RESOLVE_UNIX'], 'ok', /ABI 7\); without RESOLVE_UNIX, the filter denies Unix sockets/, undefined],
    [
      2,
      ['TRUNCATE', 'IOCTL_DEV', 'RESOLVE_UNIX'],
      'limit',
      /without TRUNCATE, the filter denies truncate\(2\).*; without IOCTL_DEV, ioctl\(2\) is open on .* denies openat2\(2\); .*RESOLVE_UNIX/,
      'IOCTL_DEV needs Linux 6.10',
    ],
    [1, ['REFER'], 'ok', /between directories is denied$/, undefined],
    [
      9, // A version whose rights the kernel lacks.
      ['MAKE_SOCK', 'IOCTL_DEV'],
      'limit',
      /; MAKE_SOCK can't be restricted$/,
      'IOCTL_DEV needs Linux 6.10, use a kernel that has all rights of its Landlock version',
    ],
  ])('paths with Landlock ABI %i that lacks %j is %s', async (abi, missing, state, detail, remedy) => {
    const { ok, checks } = await checksOn({ paths: { rights: [], missing, abi, reason: null } });
    expect(ok).toBe(true);
    const expected = { name: 'paths', state, detail: expect.stringMatching(detail) };
    expect(checks['paths']).toEqual(remedy === undefined ? expected : { ...expected, remedy });
  });

  test('paths without Landlock has the reason', async () => {
    const paths = { rights: [], missing: [], abi: null, reason: 'not in lsm=' };
    const { ok, checks } = await checksOn({ paths });
    expect(ok).toBe(true);
    expect(checks['paths']).toMatchObject({
      state: 'limit',
      detail: "the access of children to files can't be restricted: not in lsm=",
      remedy: expect.stringContaining('Landlock'),
    });
  });

  test('tree is ok with a guardian, and else has the reason', async () => {
    vi.spyOn(tree, 'treeSupport').mockReturnValue({ by: 'guardian' });
    expect((await checksOn({})).checks['tree']).toEqual({
      name: 'tree',
      state: 'ok',
      detail: 'children can be ended with all that they started (guardian)',
    });
    vi.spyOn(tree, 'treeSupport').mockReturnValue({ reason: 'no Landlock scopes' });
    const { ok, checks } = await checksOn({});
    expect([ok, checks['tree']]).toMatchObject([
      true,
      {
        state: 'limit',
        detail: expect.stringMatching(/: no Landlock scopes$/),
        remedy: expect.stringMatching(/6\.12/),
      },
    ]);
  });

  const nowhere = { names: [], cgroup: null, obstacle: null, delegated: null };
  const some = { names: ['memory', 'processes'], cgroup: '/a' } as const;
  const all = { ...nowhere, names: ['memory', 'processes', 'cpu'], cgroup: '/a' } as const;
  const because = (reason: string) => ({ obstacle: { reason, remedy: `mend "${reason}"` } });
  test.each<[string, Partial<limits.LimitsSupport>, string, RegExp, string | undefined]>([
    ['all', all, 'ok', /^memory, processes and CPU time of children can be limited, by cgroups in \/a$/, undefined],
    [
      'some',
      { ...some, ...because('no cpu') },
      'limit',
      /^memory and processes of children can be limited, by cgroups in \/a, but not CPU time: no cpu$/,
      'mend "no cpu"',
    ],
    ['none', because('v1'), 'limit', /^memory, processes and CPU time of children can't be limited: v1$/, 'mend "v1"'],
    ['all after a move', { ...because('top'), delegated: all }, 'limit', / can't be limited: top$/, 'mend "top"'],
    [
      'some after a move',
      { ...because('top'), delegated: { ...nowhere, ...some, ...because('no cpu') } },
      'limit',
      / can't be limited: top; no cpu$/,
      'mend "top"; mend "no cpu"',
    ],
    [
      'none even after a move',
      { ...because('top'), delegated: { ...nowhere, ...because('no controllers') } },
      'limit',
      / can't be limited: no controllers$/,
      'mend "no controllers"',
    ],
  ])('limits, where this process can set %s', async (_, support, state, detail, remedy) => {
    vi.spyOn(tree, 'treeSupport').mockReturnValue({ by: 'guardian' });
    vi.spyOn(limits, 'limitsSupport').mockReturnValue({ ...nowhere, ...support });
    const { ok, checks } = await checksOn({});
    expect(ok).toBe(true);
    const expected = { name: 'limits', state, detail: expect.stringMatching(detail) };
    const given =
      remedy &&
      `${remedy}; or give limits with exact: 'preferred' (--sampled), which a guardian enforces where no cgroup can`;
    expect(checks['limits']).toEqual(given === undefined ? expected : { ...expected, remedy: given });
  });

  test.each([[some], [{}]])('limits does not propose sampling without a guardian: %j', async (support) => {
    vi.spyOn(tree, 'treeSupport').mockReturnValue({ reason: 'no Landlock scopes' });
    vi.spyOn(limits, 'limitsSupport').mockReturnValue({ ...nowhere, ...support, ...because('v1') });
    expect((await checksOn({})).checks['limits']).toMatchObject({ remedy: 'mend "v1"' });
  });

  test('privileges has those of this process', async () => {
    const { checks } = await checksOn(self({ noNewPrivileges: true, capabilities: ['CAP_SYS_ADMIN'] }));
    expect(checks['privileges']).toMatchObject({
      detail: expect.stringMatching(/^uid 1000 has CAP_SYS_ADMIN, no_new_privs is set;/),
    });
  });

  test.each([
    [2, null, /^some are attached/],
    [2, 1, /^1 is attached/],
    [2, 2, /^2 are attached/],
    [1, 0, /^0 are attached/],
    [null, null, /^some are attached/],
  ])('filters, with mode %s and %s filters', async (mode, filters, detail) => {
    const { checks } = await checksOn(self({ mode, filters }));
    expect(checks['filters']).toMatchObject({ detail: expect.stringMatching(detail) });
  });

  test.each([
    ['docker', 2, 'docker, with a seccomp filter'],
    ['docker', 1, 'docker'],
    ['docker', 0, 'docker'],
    [null, 2, 'none detected'],
  ])('a container %s with seccomp mode %i', async (container, mode, detail) => {
    const { checks } = await checksOn({ container, ...self({ mode }) });
    expect(checks['container']).toMatchObject({ detail });
  });

  test.each<[string, readonly [number | null, number | null], boolean, string]>([
    ['exits', [0, null], true, 'a Node program ran under docker-default'],
    ['fails', [3, null], false, 'a Node program under docker-default ended with exit code 3'],
    ['is killed', [null, 31], false, 'a Node program under docker-default ended with SIGSYS'],
    [
      'is killed by a signal without a name',
      [null, 35],
      false,
      'a Node program under docker-default ended with signal 35',
    ],
  ])('a program that %s', async (_, end, isOk, detail) => {
    endTrial(end);
    const { ok, status, checks } = await checksOn({});
    expect([ok, status]).toEqual([isOk, isOk ? 0 : 1]);
    expect(checks['trial run']).toEqual({ name: 'trial run', state: isOk ? 'ok' : 'fail', detail });
    expect(library.spawn).toHaveBeenLastCalledWith(process.execPath, ['-e', ''], 'docker-default', { stdio: 'ignore' });
  });

  test('a program that can’t be started', async () => {
    endTrial(new Error('spawn: EAGAIN'));
    expect((await checksOn({})).checks['trial run']).toMatchObject({ state: 'fail', detail: 'spawn: EAGAIN' });
    vi.spyOn(library, 'spawn').mockImplementation(() => {
      throw 'no filter can be attached';
    });
    const { ok, status, checks } = await checksOn({});
    expect([ok, status]).toEqual([false, 1]);
    expect(checks['trial run']).toMatchObject({ state: 'fail', detail: 'no filter can be attached' });
  });
});
