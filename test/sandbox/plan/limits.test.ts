/** Whether a program could evade its limits, and what is enforced of them, for cgroups in place of the kernel's. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as status from '../../../lib/kernel/process-status.js';
import * as domain from '../../../lib/landlock/domain.js';
import { readPaths } from '../../../lib/landlock/paths/option.js';
import { planPaths } from '../../../lib/landlock/paths/plan.js';
import * as cgroup from '../../../lib/process-tree/cgroup.js';
import { Leaf } from '../../../lib/process-tree/leaf.js';
import { readTreeLimits } from '../../../lib/process-tree/limits.js';
import { SAMPLED_EVERY } from '../../../lib/process-tree/sampled-limits.js';
import type { SpawnOptions } from '../../../lib/sandbox/options/types.js';
import { limitsFor, withLimits } from '../../../lib/sandbox/plan/limits.js';
import { describeUnless } from '../../support/describe-unless.js';

const mount = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-plan-limits-')));
afterAll(() => rmSync(mount, { recursive: true }));
const directories = ['', 'above', 'above/place', 'above/place/own'].map((path) => join(mount, path));
for (const directory of directories) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cgroup.procs'), '');
}
const [, above = '', place = ''] = directories;
const of = (path: string) => ({ path, directory: join(mount, path), mount: { root: '/', point: mount } });

beforeEach(() => {
  vi.spyOn(cgroup, 'ownCgroup').mockReturnValue(of('/above/place/own'));
  vi.spyOn(cgroup, 'placeForLeaves').mockImplementation((own) => ('reason' in own ? own : of('/above/place')));
  vi.spyOn(cgroup, 'enableController').mockReturnValue(undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** This process. */
const us = (user: number, ambient = '0', group = user) => {
  vi.spyOn(process, 'geteuid').mockReturnValue(user);
  vi.spyOn(process, 'getegid').mockReturnValue(group);
  vi.spyOn(status, 'readStatus').mockReturnValue(new Map([['CapAmb', ambient]]));
};

type Options = Omit<SpawnOptions, 'limits'>;
const limits = readTreeLimits({ processes: 5 }) as never;
const planned = (options: Options, paths?: Parameters<typeof limitsFor>[1]) => limitsFor({ ...options, limits }, paths);

const CHOWN = '1';
const OTHER: Options = { uid: 8, gid: 8 };

describe('without paths, a program could leave its cgroup', () => {
  test.each<[string, Options, () => void, RegExp | undefined]>([
    ['as root', {}, () => us(0), /: it runs as root; give paths/],
    ['as root, for uid: 0', { uid: 0 }, () => us(7), /: it runs as root;/],
    ['as this user', {}, () => us(7), /: it runs as the user who owns it;/],
    ['as this user, by its number', { uid: 7 }, () => us(7), /: it runs as the user who owns it;/],
    ['as another user, not', OTHER, () => us(0), undefined],
    [
      'with noNewPrivileges: false',
      { ...OTHER, noNewPrivileges: false },
      () => us(0),
      /: with noNewPrivileges: false it may/,
    ],
    ['with noNewPrivileges: true, not', { ...OTHER, noNewPrivileges: true }, () => us(0), undefined],
    ['with ambient capabilities', OTHER, () => us(7, CHOWN), /: it has capabilities;/],
    [
      'with those that it keeps',
      { ...OTHER, capabilities: ['CAP_CHOWN'] },
      () => us(7, CHOWN),
      /: it has capabilities;/,
    ],
    ['with those that it does not keep, not', { ...OTHER, capabilities: ['CAP_BPF'] }, () => us(7, CHOWN), undefined],
    ['with those that setuid of root clears, not', OTHER, () => us(0, CHOWN), undefined],
  ])('%s', (_, options, prepare, problem) => {
    prepare();
    const start = () => planned(options);
    if (problem === undefined) {
      expect(start()).toBeDefined();
      return;
    }
    const message = expect.stringMatching(problem);
    expect(start).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message }));
    expect(start).toThrow(/^options\.limits can't be honored: the program could leave its cgroup: /);
    expect(start).not.toThrow(/bestEffort/);
    expect(planned({ ...options, bestEffort: true })?.enforced(undefined)).toEqual({
      reason: expect.stringMatching(problem),
      enforced: [],
    });
  });
});

describeUnless(
  process.getuid?.() === 0 ? undefined : 'needs root, to give files to other users',
  'files of cgroups',
  () => {
    afterEach(() => {
      for (const directory of directories) {
        chownSync(join(directory, 'cgroup.procs'), 0, 0);
        chmodSync(join(directory, 'cgroup.procs'), 0o644);
      }
    });

    test.each<[string, string, number, number, number, Options, boolean]>([
      ['of its user', place, 8, 0, 0o644, OTHER, true],
      ['of its user, above', above, 8, 0, 0o644, OTHER, true],
      ['of its user, at the top', mount, 8, 0, 0o644, OTHER, true],
      ['of its user beneath the place', join(place, 'own'), 8, 0, 0o644, OTHER, false],
      ['of another user', place, 9, 0, 0o644, OTHER, false],
      ['that all may write', place, 0, 0, 0o646, OTHER, true],
      ['that its group may write', place, 0, 8, 0o664, OTHER, true],
      ['that its group may only read', place, 0, 8, 0o644, OTHER, false],
      ['that another group may write', place, 0, 9, 0o664, OTHER, false],
      ['that this process’s group may write, which it keeps', place, 0, 5, 0o664, { uid: 8 }, true],
      ['that this process’s group may write, which it does not keep', place, 0, 5, 0o664, OTHER, false],
    ])('%s: whether it may write them', (_, directory, user, group, mode, options, isRefused) => {
      us(0, '0', 5);
      chownSync(join(directory, 'cgroup.procs'), user, group);
      chmodSync(join(directory, 'cgroup.procs'), mode);
      if (isRefused) expect(() => planned(options)).toThrow(`its user 8 may write ${directory.replace(/\/$/, '')}`);
      else expect(planned(options)).toBeDefined();
    });
  },
);

describe('with paths, a program', () => {
  const paths = (write: readonly string[], handled = 1) => ({
    ...planPaths(readPaths({ read: ['/'], write }), true),
    handled,
  });

  test('could leave its cgroup only if these grant to write its files', () => {
    us(0);
    expect(planned({}, paths(['/usr']))).toBeDefined();
    for (const granted of [mount, place, '/'])
      expect(() => planned({}, paths([granted]))).toThrow(
        `options.paths.write grants ${granted}, so that the program could`,
      );
    expect(() => planned({}, paths(['/usr', above, place]))).toThrow(`options.paths.write grants ${above}, so that`);
    expect(() => planned({ cwd: place }, paths(['.']))).toThrow(`options.paths.write grants ${place}`);
    vi.spyOn(process, 'cwd').mockReturnValue(place);
    expect(() => planned({}, paths(['.']))).toThrow(`options.paths.write grants ${place}`);
  });

  test('could leave it as its user if they are not restricted', () => {
    us(0);
    expect(() => planned({}, paths(['/usr'], 0))).toThrow(/it runs as root/);
  });
});

describe('limits', () => {
  const all = readTreeLimits({ memory: '1G', processes: 5, cpu: 1 });
  const plan = (given: Options & { limits?: unknown }) => limitsFor(given as SpawnOptions, undefined);

  test('that are none need no plan', () => {
    expect(plan({})).toBe(undefined);
    expect(plan({ limits: readTreeLimits({}) })).toBe(undefined);
    const enforced = { isolation: { closed: [], open: [] } };
    expect(withLimits(enforced, undefined)).toBe(enforced);
  });

  test('of which some can’t be enforced are an error, or the others are enforced', () => {
    us(0);
    const obstacle = (reason: string) => ({ reason, remedy: 'enable it' });
    vi.spyOn(cgroup, 'enableController').mockImplementation((_, name) =>
      name === 'pids' ? undefined : obstacle(`no ${name}`),
    );
    expect(() => plan({ ...OTHER, limits: all })).toThrow(
      /^options\.limits can't be honored: no memory, and no cpu; give exact: 'preferred', which lets a guardian enforce them, or enable it; bestEffort: true starts the program without$/,
    );
    const left = plan({ ...OTHER, limits: all, bestEffort: true });
    const made = vi.spyOn(Leaf, 'make').mockReturnValue({ path: '/leaf' } as Leaf);
    expect(left?.enforced(undefined)).toEqual({ reason: 'no memory, and no cpu; enable it', enforced: [] });
    expect(left?.makeLeaf()).toMatchObject({ path: '/leaf' });
    expect(made.mock.calls).toEqual([[of('/above/place'), { processes: 5 }]]);
    expect(left?.enforced(undefined)).toEqual({
      ...{ by: 'cgroup', cgroup: '/leaf', reason: 'no memory, and no cpu; enable it', enforced: ['processes'] },
    });
    expect(left?.sampled).toBe(undefined);
  });

  test('have their obstacles in the order in which they are found, by what removes them', () => {
    us(0);
    const obstacles = {
      memory: { reason: 'no memory', remedy: 'A' },
      cpu: { reason: 'no cpu', remedy: 'B' },
      pids: undefined,
    };
    vi.spyOn(cgroup, 'enableController').mockImplementation((_, name) => obstacles[name as keyof typeof obstacles]);
    const reason = plan({ limits: all, bestEffort: true })?.enforced(undefined).reason;
    expect(reason?.split('. ')).toEqual([
      'no memory; A',
      'no cpu; B',
      expect.stringMatching(/^the program could leave its cgroup: it runs as root; /),
    ]);
  });

  test('of which none can be enforced make no cgroup', () => {
    vi.spyOn(cgroup, 'enableController').mockReturnValue({ reason: 'none', remedy: 'enable it' });
    const make = vi.spyOn(Leaf, 'make');
    expect(plan({ limits: all, bestEffort: true })?.makeLeaf()).toBe(undefined);
    expect(make).not.toHaveBeenCalled();
  });

  describe('for which a cgroup is preferred', () => {
    const preferred = readTreeLimits({ processes: 5, cpu: 1, exact: 'preferred' });
    const CGROUP = { by: 'cgroup', enforced: ['processes', 'cpu'] };
    const GUARDIAN = {
      by: 'guardian',
      sampledEvery: SAMPLED_EVERY,
      enforced: ['processes', 'cpu'],
      open: ['unawaited-cpu'],
    };
    const NONE = { reason: 'none', remedy: 'enable it' };
    const enforcedOn = (options: Options) => {
      const planned = plan({ ...options, limits: preferred });
      planned?.makeLeaf();
      return [planned?.sampled, planned?.enforced(undefined)];
    };

    test('are enforced by one', () => {
      us(0);
      vi.spyOn(Leaf, 'make').mockReturnValue({ path: '/leaf' } as Leaf);
      expect(enforcedOn(OTHER)).toEqual([undefined, expect.objectContaining(CGROUP)]);
    });

    test.each<[string, () => unknown]>([
      ['there is none', () => vi.spyOn(cgroup, 'ownCgroup').mockReturnValue({ reason: 'none', remedy: 'mount it' })],
      ['it has no controller', () => vi.spyOn(cgroup, 'enableController').mockReturnValue(NONE)],
      [
        'it lacks one of the controllers',
        () =>
          vi.spyOn(cgroup, 'enableController').mockImplementation((_, name) => (name === 'pids' ? undefined : NONE)),
      ],
      ['the program could leave it', () => us(0)],
      [
        'it can’t be made',
        () =>
          vi.spyOn(Leaf, 'make').mockImplementation(() => {
            throw new Error('EAGAIN');
          }),
      ],
    ])('are weighed by a guardian where %s', (name, given) => {
      us(7);
      vi.spyOn(Leaf, 'make').mockReturnValue({ path: '/leaf' } as Leaf);
      given();
      const options = name === 'the program could leave it' ? {} : { ...OTHER, paths: [] };
      expect(enforcedOn(options)).toEqual([[0n, 5n, 10_000n, 0n], GUARDIAN]);
    });

    test('are not weighed because of an error that is none about cgroups', () => {
      vi.spyOn(cgroup, 'ownCgroup').mockImplementation(() => {
        throw new TypeError('mine');
      });
      expect(() => plan({ ...OTHER, limits: preferred })).toThrow('mine');
    });

    test('are only enforced by one where the descendants are left', () => {
      us(0);
      expect(() => plan({ limits: preferred, descendants: 'leave' })).toThrow('it runs as root');
    });
  });

  test('that a guardian is to weigh are an error on a kernel where it can’t, or are not enforced', () => {
    vi.spyOn(domain, 'isolationSupport').mockReturnValue({ by: 'domain', reason: 'no scopes', domain: undefined });
    const weighed = readTreeLimits({ processes: 5, exact: false });
    expect(() => plan({ limits: weighed })).toThrow(
      /^options\.limits can't be honored: no scopes; use Linux 6\.12 or newer with Landlock; bestEffort: true/,
    );
    const left = plan({ limits: weighed, bestEffort: true });
    expect([left?.sampled, left?.enforced(undefined)]).toEqual([
      undefined,
      { reason: 'no scopes; use Linux 6.12 or newer with Landlock', enforced: [] },
    ]);
  });

  test.each([
    ['EAGAIN', /cgroup\.max\.depth or cgroup\.max\.descendants/],
    ['ENOENT', /a controller was disabled/],
    ['EACCES', /check its permissions/],
  ])('whose cgroup can’t be made for %s have a remedy', (code, remedy) => {
    us(0);
    vi.spyOn(Leaf, 'make').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    const start = (bestEffort: boolean) => plan({ ...OTHER, limits: all, bestEffort });
    expect(() => start(false)?.makeLeaf()).toThrow(`no cgroup can be made in ${place} (${code}); `);
    expect(() => start(false)?.makeLeaf()).toThrow(remedy);
    const accepted = start(true);
    expect(accepted?.makeLeaf()).toBe(undefined);
    expect(accepted?.enforced(undefined)).toEqual({ reason: expect.stringMatching(remedy), enforced: [] });
  });

  test('name no guardian where one is preferred already, or can weigh no tree', () => {
    vi.spyOn(cgroup, 'placeForLeaves').mockReturnValue({ reason: 'in the way', remedy: 'make room' });
    const refusal =
      "options.limits can't be honored: in the way; make room; bestEffort: true starts the program without";
    const preferred = { limits: { ...all, exact: 'preferred' }, descendants: 'leave' } as const;
    expect(() => plan(preferred)).toThrow(refusal);
    vi.spyOn(domain, 'isolationSupport').mockReturnValue({ by: null, reason: 'no Landlock', domain: undefined });
    expect(() => plan({ limits: all })).toThrow(refusal);
  });

  test('name the own cgroup where this process has to move', () => {
    vi.spyOn(cgroup, 'placeForLeaves').mockReturnValue({ reason: 'in the way', remedy: cgroup.MOVE });
    expect(() => plan({ limits: all })).toThrow(
      /in the way; give exact: 'preferred', .*, or call delegateCgroup\(\) first/,
    );
  });
});
