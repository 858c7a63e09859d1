/** The steps of harden(), for an addon that attaches nothing: what is attached, in which order, and what is refused. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as domain from '../../../lib/landlock/domain.js';
import * as rulesets from '../../../lib/landlock/paths/ruleset.js';
import * as support from '../../../lib/landlock/paths/support.js';
import { addon } from '../../../lib/native.js';
import { Profile } from '../../../lib/profile/profile.js';
import { type HardenOptions, harden, hardenProcess } from '../../../lib/sandbox/harden.js';
import * as installing from '../../../lib/sandbox/this-process/install-filters.js';
import * as descriptors from '../../../lib/sandbox/this-process/open-descriptors.js';

const RULESET = {} as never;
let done: unknown[][] = [];

beforeEach(() => {
  done = [];
  vi.spyOn(addon(), 'install').mockImplementation((filters) => void done.push(['install', filters]));
  vi.spyOn(addon(), 'restrictThisProcess').mockImplementation((...parameters) => {
    done.push(['restrict', ...parameters]);
    return 0;
  });
  vi.spyOn(installing, 'threadState').mockReturnValue({ noNewPrivileges: false, filters: 3 });
  vi.spyOn(descriptors, 'openDescriptors').mockReturnValue([]);
  vi.spyOn(descriptors, 'listeningSockets').mockReturnValue([]);
  vi.spyOn(domain, 'isolationSupport').mockReturnValue({ by: 'scopes', reason: null, domain: undefined });
  vi.spyOn(support, 'pathsSupport').mockReturnValue({ rights: 1, abi: 8, reason: null });
  vi.spyOn(rulesets, 'rulesetFor').mockReturnValue(RULESET);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const PROFILE = Profile.denylist().deny('chroot');
const installed = () => done.filter(([what]) => what === 'install').map(([, filters]) => Object(filters));

describe('a filter', () => {
  test('is attached to all threads, with no_new_privs', () => {
    const { filters, ...rest } = harden(PROFILE);
    expect(installed()).toMatchObject([
      { unconfined: false, filterFlags: 1, noNewPrivileges: true, filters: [{ gate: [] }] },
    ]);
    expect([filters.length, Object.isFrozen(filters)]).toEqual([1, true]);
    expect(rest).toEqual({ threads: 'all', filtersInForce: 4, noNewPrivileges: true });
  });

  test('has the flags of the profile and of the options', () => {
    harden(PROFILE, { logDenied: true });
    expect(installed()).toMatchObject([{ filterFlags: 1 | 2 }]);
  });

  test('is attached to one thread, if it is accepted that this is no boundary', () => {
    expect(harden(PROFILE, { threads: 'current', acceptSharedPool: true }).threads).toBe('current');
    expect(installed()).toMatchObject([{ filterFlags: 0 }]);
    expect(() => harden(PROFILE, { threads: 'current' })).toThrow(/^threads: 'current' is not a security boundary/);
    expect(() => harden(PROFILE, { threads: 'current', acceptSharedPool: false })).toThrow(/not a security boundary/);
    for (const threads of ['all', undefined] as const)
      expect(() => harden(PROFILE, { threads, acceptSharedPool: true })).toThrow(
        "options.acceptSharedPool has an effect only with threads: 'current': leave it out",
      );
    expect(installed()).toHaveLength(1);
  });

  test.each([
    [false, false, false],
    [false, true, true],
    [true, false, true],
    [false, null, null],
  ])('with noNewPrivileges: %s leaves what was %s as %s', (noNewPrivileges, before, after) => {
    vi.spyOn(installing, 'threadState').mockReturnValue({ noNewPrivileges: before, filters: null });
    expect(harden(PROFILE, { noNewPrivileges })).toMatchObject({ filtersInForce: null, noNewPrivileges: after });
    expect(installed()).toMatchObject([{ noNewPrivileges }]);
  });

  test('is none under unconfined, unless the network is denied', () => {
    expect(harden('unconfined')).toEqual({ threads: 'all', filters: [], filtersInForce: 3, noNewPrivileges: false });
    expect(done).toEqual([]);
    const { filters, network } = harden('unconfined', { network: 'none' });
    expect([filters.length, network, installed().length]).toEqual([1, { by: 'filter' }, 1]);
    expect(harden(PROFILE)).not.toHaveProperty('network');
  });

  test('that the kernel refuses is an error', () => {
    vi.spyOn(addon(), 'install').mockReturnValue({ error: 1, call: 'seccomp' });
    expect(() => harden(PROFILE)).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_ATTACH' }));
  });

  test('that denies io_uring is refused beside instances, unless these are accepted', () => {
    vi.spyOn(descriptors, 'openDescriptors').mockReturnValue([{ fd: 9, target: 'anon_inode:[io_uring]' }]);
    const denying = Profile.denylist().deny('io_uring_enter');
    expect(() => harden(denying)).toThrow(/^this Node's event loops have io_uring instances/);
    expect(harden(denying, { acceptRings: true }).filters).toHaveLength(1);
    expect(() => harden(PROFILE)).not.toThrow();
  });
});

describe('a process that listens', () => {
  const denying = Profile.denylist().deny('accept4');

  test.each([
    [[5], 'descriptor 5'],
    [[5, 9], 'descriptors 5, 9'],
  ])('on %j may not be denied to accept', (sockets, which) => {
    vi.spyOn(descriptors, 'listeningSockets').mockReturnValue(sockets);
    expect(() => harden(denying)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: expect.stringContaining(`this process listens on a socket (${which}), and the profile denies accept4`),
      }),
    );
    expect(done).toEqual([]);
    expect(() => harden(PROFILE)).not.toThrow();
  });

  test('is not looked for if the profile allows that', () => {
    const listening = vi.spyOn(descriptors, 'listeningSockets');
    harden(PROFILE);
    expect(listening).not.toHaveBeenCalled();
    expect(() => harden(denying)).not.toThrow();
    expect(listening).toHaveBeenCalledOnce();
  });
});

describe('paths', () => {
  const paths: HardenOptions = { paths: { read: ['/usr'] } };

  test('are restricted before the filter is attached', () => {
    expect(harden(PROFILE, paths).paths).toMatchObject({ by: 'landlock' });
    expect(done).toEqual([
      ['restrict', RULESET, true],
      ['install', expect.objectContaining({ filterFlags: 1 })],
    ]);
    const [subject] = vi.mocked(rulesets.rulesetFor).mock.calls[0] ?? expect.fail('no ruleset');
    expect(subject).toMatchObject({
      directory: process.cwd(),
      isNode: false,
      files: [],
      candidates: undefined,
      tmp: undefined,
    });
    expect([subject.needs().paths, subject.uid]).toEqual([[], undefined]);
  });

  test('are restricted under unconfined too, without no_new_privs if that is not wanted', () => {
    const hardened = harden('unconfined', { ...paths, noNewPrivileges: false });
    expect(done).toEqual(expect.arrayContaining([['restrict', RULESET, false]]));
    expect(hardened.paths).toMatchObject({ by: 'landlock' });
    expect(harden(PROFILE)).not.toHaveProperty('paths');
  });

  test('that can’t be restricted are an error before anything is attached, or reported with bestEffort', () => {
    vi.spyOn(addon(), 'restrictThisProcess').mockReturnValue(1);
    expect(() => harden(PROFILE, paths)).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED' }));
    expect(done).toEqual([]);
    const hardened = harden(PROFILE, { ...paths, bestEffort: true });
    expect([hardened.paths?.by, installed().length]).toEqual([undefined, 1]);
    expect(hardened.paths).toHaveProperty('reason');
  });

  test('that this kernel can’t restrict are reported with bestEffort, and nothing is tried', () => {
    vi.spyOn(support, 'pathsSupport').mockReturnValue({ rights: 1, abi: 7, reason: null });
    expect(() => harden(PROFILE, paths)).toThrow(/Landlock ABI 8/);
    expect(harden(PROFILE, { ...paths, bestEffort: true }).paths).toHaveProperty('reason');
    expect(done.map(([what]) => what)).toEqual(['install']);
  });

  test('can’t be restricted for one thread', () => {
    expect(() => harden(PROFILE, { ...paths, threads: 'current', acceptSharedPool: true })).toThrow(
      "options.paths: can't be restricted for one thread alone: leave out threads: 'current', or leave it out",
    );
  });

  test('of a Node that was restarted in its domain are restricted already, and it serves nobody', () => {
    vi.spyOn(descriptors, 'listeningSockets').mockReturnValue([5]);
    vi.spyOn(descriptors, 'openDescriptors').mockImplementation(() => expect.fail('may not reach /proc'));
    const denying = Profile.denylist().deny('accept4', 'io_uring_enter');
    expect(hardenProcess(denying, paths, 'register').paths).toMatchObject({ by: 'landlock' });
    expect(done.map(([what]) => what)).toEqual(['install']);
    vi.spyOn(descriptors, 'openDescriptors').mockReturnValue([]);
    expect(() => hardenProcess(denying, {}, 'register')).toThrow(/this process listens on a socket/);
  });
});
