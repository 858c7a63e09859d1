/** What a child may do beside its profile, as its options and this process say: its user, its capabilities, its directory. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import * as status from '../../../lib/kernel/process-status.js';
import * as domain from '../../../lib/landlock/domain.js';
import { CheckedPaths, readPaths } from '../../../lib/landlock/paths/option.js';
import * as support from '../../../lib/landlock/paths/support.js';
import { NO_DENIALS } from '../../../lib/policy/denials.js';
import * as rlimits from '../../../lib/process-tree/rlimits.js';
import * as homes from '../../../lib/sandbox/file/home-directories.js';
import type { ProgramOptions } from '../../../lib/sandbox/options/types.js';
import {
  denialsOf,
  enforcementOf,
  hasNoNetwork,
  isolationFor,
  keyOf,
  pathsFor,
} from '../../../lib/sandbox/plan/confinement.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-confinement-')));
afterAll(() => rmSync(directory, { recursive: true }));

const [CHOWN, SETUID, SYS_ADMIN, PERFMON] = [0, 7, 21, 38];
const bits = (...all: readonly number[]) => all.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n).toString(16);
const ALL = bits(...Array.from({ length: 41 }, (_, i) => i));

/** This process, as the kernel reports it. */
interface Process {
  readonly user?: number;
  /** Real, effective, saved and file system. */
  readonly ids?: readonly number[];
  readonly ambient?: string;
  readonly bounds?: string;
  readonly isRootOutside?: boolean;
}

/** What isolation depends on, for a child of this process. */
function subjectOf(options: ProgramOptions, { user = 1000, ambient = '0', bounds = ALL, ...rest }: Process) {
  const ids = rest.ids ?? [user, user, user, user];
  vi.spyOn(process, 'geteuid').mockReturnValue(user);
  vi.spyOn(process, 'getuid').mockReturnValue(ids[0] ?? user);
  vi.spyOn(rlimits, 'isRootOutside').mockReturnValue(rest.isRootOutside ?? true);
  vi.spyOn(status, 'readStatus').mockReturnValue(
    new Map([
      ['Uid', ids.join('\t')],
      ['CapAmb', ambient],
      ['CapBnd', bounds],
    ]),
  );
  const made = vi.spyOn(domain, 'isolation').mockReturnValue(undefined);
  isolationFor(options, { isFiltered: true, hasTerminal: false });
  return made.mock.calls[0]?.[1]();
}

describe('isolation takes a child for', () => {
  const ROOT = { user: 0 };

  test.each<[string, ProgramOptions, Process, { isRoot?: boolean; mayInspect?: boolean; isSameUser?: boolean }]>([
    ['root with all capabilities', {}, ROOT, { isRoot: true, mayInspect: true }],
    ['root, for uid: null', { uid: null as never }, ROOT, { isRoot: true, mayInspect: true }],
    ['root, for uid: 0', { uid: 0 }, ROOT, { isRoot: true, mayInspect: true }],
    ['root without capabilities', { capabilities: [] }, ROOT, { isRoot: true }],
    ['root with CAP_PERFMON alone', { capabilities: ['CAP_PERFMON'] }, ROOT, { isRoot: true, mayInspect: true }],
    ['root with CAP_CHOWN alone', { capabilities: ['CAP_CHOWN'] }, ROOT, { isRoot: true }],
    ['root of a container', {}, { user: 0, bounds: bits(CHOWN, SETUID) }, { isRoot: true }],
    [
      'root with CAP_SYS_ADMIN in its bounds',
      {},
      { user: 0, bounds: bits(SYS_ADMIN) },
      { isRoot: true, mayInspect: true },
    ],
    ['root with bounds that are not known', {}, { user: 0, bounds: '' }, { isRoot: true, mayInspect: true }],
    ['root of a user namespace', {}, { user: 0, isRootOutside: false }, { mayInspect: true }],
    ['another user', { uid: 1000 }, ROOT, { isSameUser: false }],
    [
      'another user, whose ambient capabilities setuid clears',
      { uid: 1000 },
      { user: 0, ambient: ALL },
      { isSameUser: false },
    ],
    ['this user', {}, {}, {}],
    ['this user, by its number', { uid: 1000 }, {}, {}],
    ['this user with CAP_SETUID', {}, { ambient: bits(SETUID) }, { isRoot: true }],
    ['this user with CAP_SETUID, which it does not keep', { capabilities: [] }, { ambient: bits(SETUID) }, {}],
    ['this user with CAP_SETUID of a user namespace', {}, { ambient: bits(SETUID), isRootOutside: false }, {}],
    ['this user with CAP_PERFMON', {}, { ambient: bits(PERFMON) }, { mayInspect: true }],
    ['this user with CAP_SYS_ADMIN', { uid: 1000 }, { ambient: bits(SYS_ADMIN) }, { mayInspect: true }],
    ['this user with CAP_CHOWN', {}, { ambient: bits(CHOWN) }, {}],
    ['one who is root for now', {}, { user: 0, ids: [1000, 0, 1000, 0] }, { isRoot: true, mayInspect: true }],
    ['one who was root', {}, { ids: [0, 1000, 1000, 1000] }, { isRoot: true, mayInspect: true }],
    ['one who can be root again', {}, { ids: [1000, 1000, 0, 1000] }, { isRoot: true, mayInspect: true }],
    ['one whose files are root’s', {}, { ids: [1000, 1000, 1000, 0] }, {}],
    ['a user that it may not become', { uid: 0 }, {}, { isRoot: true, mayInspect: true, isSameUser: false }],
    [
      'another user that was root before',
      { uid: 5 },
      { ids: [0, 1000, 1000, 1000] },
      { isRoot: true, mayInspect: true, isSameUser: false },
    ],
  ])('%s', (_, options, ours, expected) => {
    const none = { isSameUser: true, isRoot: false, mayInspect: false, writesNoCore: false, hasTerminal: false };
    expect(subjectOf(options, ours)).toEqual({ ...none, ...expected });
  });

  test.each([
    [undefined, false],
    [0, true],
    [1, false],
    [{ soft: 0, hard: 0 }, true],
    [{ soft: 0, hard: 1 }, false],
  ])('one that, with rlimits.core %o, writes no core dumps: %s', (core, writesNoCore) => {
    expect(subjectOf({ rlimits: { core } } as ProgramOptions, {})).toMatchObject({ writesNoCore });
  });

  test('root of a kernel that does not say which capabilities there are', () => {
    const made = vi.spyOn(domain, 'isolation').mockReturnValue(undefined);
    vi.spyOn(process, 'geteuid').mockReturnValue(0);
    vi.spyOn(status, 'readStatus').mockReturnValue(new Map());
    isolationFor({ capabilities: ['CAP_PERFMON'] }, { isFiltered: true, hasTerminal: false });
    expect(made.mock.calls[0]?.[1]()).toMatchObject({ mayInspect: true });
  });

  test('one that is given a terminal', () => {
    const made = vi.spyOn(domain, 'isolation').mockReturnValue(undefined);
    for (const hasTerminal of [true, false]) isolationFor({}, { isFiltered: true, hasTerminal });
    expect(made.mock.calls.map(([, subject]) => subject().hasTerminal)).toEqual([true, false]);
  });

  test('this user without /proc', () => {
    const made = vi.spyOn(domain, 'isolation').mockReturnValue(undefined);
    vi.spyOn(process, 'geteuid').mockReturnValue(1000);
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    vi.spyOn(status, 'readStatus').mockImplementation(() => expect.fail('no /proc'));
    isolationFor({}, { isFiltered: true, hasTerminal: false });
    expect(made.mock.calls[0]?.[1]()).toMatchObject({ isSameUser: true, isRoot: false, mayInspect: false });
  });
});

test.each([
  [undefined, true, true],
  [undefined, false, false],
  [true, false, true],
  [{}, false, true],
  [false, true, false],
])('with isolate %o, a child is isolated if it is filtered (%s): %s', (isolate, isFiltered, isIsolated) => {
  const calls = vi.spyOn(domain, 'isolation').mockReturnValue(undefined);
  isolationFor({ isolate }, { isFiltered, hasTerminal: false });
  const asked = isolate === undefined && !isFiltered ? [] : [[isolate, expect.any(Function)]];
  expect(calls.mock.calls).toEqual(asked);
  expect(asked.length > 0 && isolate !== false).toBe(isIsolated);
});

describe('the network', () => {
  test('is denied only by the option', () => {
    expect([hasNoNetwork({}), hasNoNetwork({ isolate: { abstractSockets: true } })]).toEqual([false, false]);
    for (const isolate of [undefined, true, false, {}, { abstractSockets: false }] as const)
      expect(hasNoNetwork({ network: 'none', isolate })).toBe(true);
    expect(() => hasNoNetwork({ network: 'none', isolate: { abstractSockets: true } })).toThrow(/abstractSockets/);
  });
});

describe('paths', () => {
  const all = readPaths({ read: ['/'] });

  test('are not restricted without the option', () => {
    expect(pathsFor({}, 'reported', { removesTmp: false, hasTerminal: false })).toBe(undefined);
  });

  test('of @system have its terminal for a program that is given one', () => {
    const wordsFor = (paths: CheckedPaths, hasTerminal: boolean) => [
      ...(pathsFor({ paths, bestEffort: true }, 'reported', { removesTmp: true, hasTerminal })?.paths.words ?? []),
    ];
    const system = readPaths({ read: ['@system'] });
    expect([wordsFor(system, false), wordsFor(system, true)]).toEqual([['@system'], ['@system', '@terminal']]);
    expect(wordsFor(readPaths({ read: ['@node', '/dev/tty'] }), true)).toEqual(['@node']);
  });

  test.each([
    ['a process whose parent removes it', true, false],
    ['a process without a parent of this package', false, true],
  ])('may have @tmp for %s', (_, removesTmp, isRefused) => {
    const start = () =>
      pathsFor({ paths: readPaths({ write: ['@tmp'] }), bestEffort: true }, 'reported', {
        removesTmp,
        hasTerminal: false,
      });
    if (isRefused) expect(start).toThrow(/^options\.paths: @tmp is removed by the parent/);
    else expect(start()?.paths.words.has('@tmp')).toBe(true);
    expect(() =>
      pathsFor({ paths: all, bestEffort: true }, 'reported', { removesTmp, hasTerminal: false }),
    ).not.toThrow();
  });

  test.each([
    ['a process that reports its domain', 'reported', null, 7, null],
    ['all threads, where domains are denied', 'of all threads', null, 8, /because of this/],
    [
      'all threads, with Landlock ABI 7',
      'of all threads',
      'scopes',
      7,
      /Landlock ABI 8, Linux 7\.0 or newer, .* has ABI 7/,
    ],
    ['all threads, with Landlock ABI 8', 'of all threads', 'scopes', 8, null],
    ['all threads, with an ABI that is not known', 'of all threads', 'scopes', null, null],
  ] as const)('of %s', (_, of, by, abi, refusal) => {
    const asked = vi.spyOn(domain, 'isolationSupport');
    asked.mockReturnValue({ by, reason: 'because of this', domain: undefined });
    vi.spyOn(support, 'pathsSupport').mockReturnValue({ rights: 1, abi, reason: null });
    const start = (bestEffort: boolean) =>
      pathsFor({ paths: all, bestEffort }, of, { removesTmp: true, hasTerminal: false });
    if (refusal === null) {
      expect(start(false)).toMatchObject({ handled: 1, required: true });
      expect(start(true)).toMatchObject({ handled: 1, required: false });
    } else {
      expect(() => start(false)).toThrow(refusal);
      expect(start(true)).toMatchObject({ handled: 0, required: false });
    }
    // Again, as a filter may have been attached since then.
    expect(asked.mock.calls).toEqual(of === 'reported' ? [] : [[true], [true]]);
  });

  test('together with abstract sockets need a kernel that tells Unix sockets apart', () => {
    const isolate = { abstractSockets: true };
    const start = (rights: number, options: ProgramOptions = { isolate }) => {
      vi.spyOn(support, 'pathsSupport').mockReturnValue({ rights, abi: 9, reason: null });
      return () => pathsFor({ paths: all, ...options }, 'reported', { removesTmp: true, hasTerminal: false });
    };
    expect(start(1)).toThrow(/abstractSockets can't be honored: with paths, Linux .* denies all Unix sockets/);
    expect(start(1, { isolate: true })).not.toThrow();
    expect(start(-1)).not.toThrow();
  });

  test('of a sandbox that keeps home directories are refused in one, above one, and in /', () => {
    const keeping = new CheckedPaths(all.all, all.form, true);
    const start = (cwd: string, paths = keeping) =>
      pathsFor({ paths, cwd, bestEffort: true }, 'reported', { removesTmp: true, hasTerminal: false });
    const home = join(directory, 'home');
    mkdirSync(join(home, 'project'), { recursive: true });
    vi.spyOn(homes, 'homeDirectories').mockReturnValue(['/nowhere/x', home]);
    expect(() => start('/')).toThrow(/^the working directory \/ contains all files, and this sandbox/);
    for (const cwd of [home, directory, dirname(directory)])
      expect(() => start(cwd)).toThrow(`the working directory ${cwd} contains the home directory ${home}`);
    expect(start(join(home, 'project'))).toBeDefined();
    expect(start(home, all)).toBeDefined();
    vi.spyOn(process, 'cwd').mockReturnValue(home);
    expect(() =>
      pathsFor({ paths: keeping, bestEffort: true }, 'reported', { removesTmp: true, hasTerminal: false }),
    ).toThrow('contains the home');
  });
});

describe('denials', () => {
  const isolated = { request: { isolation: false, domain: undefined }, enforced: () => ({}) } as never;
  const nothing = { isolation: undefined, paths: undefined, hasNoNetwork: false, hasTerminal: false };
  const gaps = { unixSockets: true, truncation: false, deviceIoctls: true };

  test('are those of each confinement', () => {
    expect(denialsOf(nothing, false)).toEqual(NO_DENIALS);
    const ofIsolation = { ...NO_DENIALS, isolated: true };
    expect(denialsOf({ ...nothing, isolation: isolated }, false)).toEqual({ ...ofIsolation, withoutTerminal: true });
    expect(denialsOf({ ...nothing, isolation: isolated, hasTerminal: true }, false)).toEqual(ofIsolation);
    expect(denialsOf({ ...nothing, hasTerminal: true }, false)).toEqual(NO_DENIALS);
    expect(denialsOf({ ...nothing, hasNoNetwork: true }, false)).toEqual({ ...NO_DENIALS, network: true });
    expect(denialsOf(nothing, true)).toEqual({ ...NO_DENIALS, grouped: true });
    expect(denialsOf({ ...nothing, paths: { gaps } as never }, false)).toEqual({ ...NO_DENIALS, ...gaps, paths: true });
    expect(denialsOf({ ...nothing, paths: { gaps: undefined } as never }, false)).toEqual(NO_DENIALS);
  });

  test('that are equal have one key, and others have others', () => {
    const ofIsolation = { ...nothing, isolation: isolated };
    const all = [nothing, { ...nothing, hasNoNetwork: true }, ofIsolation, { ...ofIsolation, hasTerminal: true }];
    const keys = () => all.flatMap((each) => [keyOf(denialsOf(each, false)), keyOf(denialsOf(each, true))]);
    expect(new Set([...keys(), ...keys()]).size).toBe(8);
  });
});

describe('enforcement', () => {
  const nothing = { isolation: undefined, paths: undefined, hasNoNetwork: false, hasTerminal: false };

  test('of a child that is not isolated says whether that was asked for', () => {
    const remedyFor = (isolate?: boolean) => enforcementOf({ isolate }, nothing).isolation.open[0]?.remedy;
    expect([remedyFor(false), remedyFor()]).toEqual(['leave out isolate: false', 'give isolate: true']);
  });

  test('has the network only if that is denied', () => {
    const { network, isolation } = enforcementOf({}, { ...nothing, hasNoNetwork: true });
    expect([network, isolation]).toEqual([{ by: 'filter' }, enforcementOf({}, nothing).isolation]);
    expect(enforcementOf({}, nothing)).not.toHaveProperty('network');
    expect(enforcementOf({}, nothing)).not.toHaveProperty('paths');
  });

  test('is told the errno with which the domain could not be entered', () => {
    const of = vi.fn((error: number) => ({ isolation: { closed: [], open: [], reason: String(error) } }));
    const isolation = { request: { isolation: false, domain: undefined }, enforced: of };
    expect(enforcementOf({}, { ...nothing, isolation }, 7).isolation.reason).toBe('7');
    expect(enforcementOf({}, { ...nothing, isolation }).isolation.reason).toBe('0');
    const ofPaths = vi.fn(() => ({ reason: 'none', closed: [], open: [], alsoDenied: [] }));
    const paths = { enforced: ofPaths, paths: readPaths({ read: ['/'] }) } as never;
    expect(enforcementOf({}, { ...nothing, isolation, paths }, 7)).toMatchObject({
      paths: { reason: 'none' },
      isolation: { reason: '7' },
    });
    expect(ofPaths.mock.calls).toEqual([[7]]);
  });
  test('of paths closes what leads through files that are not written', () => {
    const open = ['cgroup-files', 'oom-score', 'terminal-files', 'scheduling'].map((reach) => ({ reach, remedy: 'x' }));
    const isolated = { isolation: { by: 'scopes', closed: ['limits', 'terminal'], open } };
    const isolation = { request: { isolation: false, domain: undefined }, enforced: () => isolated } as never;
    const of = (write: string, cwd?: string, { read = '/usr', hasTerminal = false } = {}) => {
      const ofPaths = { by: 'landlock', closed: ['files'], open: [], alsoDenied: [] };
      const paths = { enforced: () => ofPaths, paths: readPaths({ read: [read], write: [write] }) } as never;
      const enforced = enforcementOf({ cwd }, { isolation, paths, hasNoNetwork: true, hasTerminal });
      expect(enforced).toMatchObject({ paths: ofPaths, network: { by: 'filter' }, isolation: { by: 'scopes' } });
      const { closed, open: left } = enforced.isolation;
      return [closed, left.map(({ reach }) => reach)];
    };
    const inFiles = ['oom-score', 'autogroup', 'proc-files'];
    const both = ['limits', 'terminal', 'cgroup-files', ...inFiles, 'terminal-files'];
    expect(of('/usr')).toEqual([expect.arrayContaining(both), ['scheduling']]);
    expect(new Set(of('/usr')[0]).size).toBe(of('/usr')[0]?.length);
    expect(of('/proc')).toEqual([
      ['limits', 'terminal', 'cgroup-files', 'terminal-files'],
      ['oom-score', 'scheduling'],
    ]);
    expect(of('.', '/proc')).toEqual(of('/proc'));
    expect(of('/sys')).toEqual([expect.arrayContaining(inFiles), ['cgroup-files', 'scheduling']]);
    const toTerminal = [expect.not.arrayContaining(['terminal-files']), ['terminal-files', 'scheduling']];
    expect(of('/dev')).toEqual(toTerminal);
    expect(of('/usr', '/', { read: 'dev' })).toEqual(toTerminal);
    expect(of('/usr', '/', { hasTerminal: true })).toEqual(toTerminal);
  });

  test('of paths without isolation leaves the terminal open: only isolation denies taking it', () => {
    const paths = {
      enforced: () => ({ by: 'landlock', closed: ['files'], open: [], alsoDenied: [] }),
      paths: readPaths({ read: ['/usr'] }),
    } as never;
    for (const hasTerminal of [false, true]) {
      const { closed, open } = enforcementOf({ isolate: false }, { ...nothing, paths, hasTerminal }).isolation;
      expect([closed.includes('terminal'), open.some(({ reach }) => reach === 'terminal')]).toEqual([false, true]);
      expect(closed.includes('terminal-files')).toBe(!hasTerminal);
    }
  });
});
