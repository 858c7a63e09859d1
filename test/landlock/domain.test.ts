/** The isolation that kernels of several versions can enforce, and what stays open to a child. */
import fs from 'node:fs';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as config from '../../lib/kernel/config.js';
import {
  type IsolationSubject,
  isolation,
  isolationSupport,
  landlockReason,
  notIsolated,
} from '../../lib/landlock/domain.js';
import { closedByPaths, overlap } from '../../lib/landlock/paths/file-reaches.js';
import type { Access } from '../../lib/landlock/paths/rights.js';
import { isAt } from '../../lib/landlock/paths/wide-paths.js';
import { addon } from '../../lib/native.js';
import { spyOnBuiltin } from '../support/spy-on-builtin.js';

const { E2BIG, EACCES, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } = constants.errno;
const OTHER_USER: IsolationSubject = {
  ...{ isSameUser: false, isRoot: false, mayInspect: false },
  ...{ writesNoCore: true, hasTerminal: false },
};
const REFER = 1 << 13;

/** A kernel on which trying the domain with scopes and the one without them have these results. */
function onKernel(scopes: number, others = 0): void {
  vi.spyOn(addon(), 'tryDomain').mockImplementation(([, , scoped]) => (scoped === 0 ? others : scopes));
}

beforeEach(() => onKernel(0));
afterEach(() => {
  vi.restoreAllMocks();
  isolationSupport(true);
});

/** What a child is isolated by, and the ways that are open to it. */
function enforced(subject: Partial<IsolationSubject> = {}, isolate?: Parameters<typeof isolation>[0], failed = 0) {
  isolationSupport(true); // Not the answer that was kept.
  const made = isolation(isolate, () => ({ ...OTHER_USER, ...subject }));
  const { by, reason, closed, open } = made?.enforced(failed).isolation ?? expect.fail('not isolated');
  return { by, reason, closed, open: new Map(open.map(({ reach, remedy }) => [reach, remedy])), ...made?.request };
}

const ALWAYS = ['limits', 'terminal', 'keyrings'];
const MEMORY = ['memory', 'environment', 'descriptors', 'ptrace'];
const SCOPED = ['signals', 'abstract-sockets'];
const NEVER = ['terminal-files', 'cgroup-files', 'oom-score', 'autogroup', 'proc-files', 'scheduling'];

test('with scopes, a child reaches neither memory nor signals of other processes', () => {
  const { by, reason, closed, open, domain, isolation } = enforced();
  expect([by, reason, isolation]).toEqual(['scopes', undefined, false]);
  expect(domain).toEqual([0, 0, 3]);
  expect(closed).toEqual([...ALWAYS, ...MEMORY, ...SCOPED, 'core-dumps']);
  expect([...open.keys()]).toEqual(NEVER);
});

test('without scopes, signals and abstract sockets stay open', () => {
  onKernel(EINVAL);
  const { by, reason, closed, open, domain } = enforced();
  expect([by, reason]).toEqual(['domain', expect.stringMatching(/ has no Landlock scopes: they need Linux 6\.12/)]);
  expect(domain).toEqual([REFER, REFER, 0]);
  expect(closed).toEqual([...ALWAYS, ...MEMORY, 'core-dumps']);
  expect([...open.keys()]).toEqual([...SCOPED, ...NEVER]);
});

test.each([
  [EINVAL, /is too old: isolation needs Linux 5\.19/],
  [ENOSYS, / has no Landlock|an attached filter denies Landlock/],
  [EOPNOTSUPP, /add landlock to lsm=/],
  [EPERM, /an attached filter denies Landlock/],
  [EACCES, /an attached filter denies Landlock/],
  [E2BIG, /too many Landlock domains .* limit is 16/],
])('without Landlock (errno %i), only what the filter denies is closed', (errno, reason) => {
  onKernel(errno, errno);
  const { closed, domain, ...found } = enforced();
  expect(found).toMatchObject({ by: undefined, reason: expect.stringMatching(reason) });
  expect([closed, domain]).toEqual([[...ALWAYS, 'core-dumps'], undefined]);
});

test.each<[string, string | undefined, string, RegExp, string?]>([
  [
    'the kernel lists it',
    'lockdown,landlock,yama',
    '2',
    /^an attached filter denies Landlock, which this kernel has: /,
  ],
  ['the kernel was built with it', undefined, '2', /^an attached filter denies Landlock, which this kernel has: /, 'y'],
  ['no filter is attached', 'lockdown,yama', '0', /^Linux \S+ has no Landlock: it needs 5\.13 or newer/],
  ['neither is known', undefined, '2', /^Linux \S+ has no Landlock \(.*\), or an attached filter denies it: let it/],
])(
  'a filter that answers as a kernel without Landlock is told from one, where %s',
  (_, lsm, mode, reason, built = 'n') => {
    vi.spyOn(config, 'kernelConfig').mockReturnValue({
      file: '/boot/config',
      options: { CONFIG_SECURITY_LANDLOCK: built },
    });
    spyOnBuiltin(fs, 'readFileSync').mockImplementation((file) => {
      if (file === '/proc/self/status') return `Seccomp:\t${mode}`;
      if (file === '/sys/kernel/security/lsm' && lsm !== undefined) return lsm;
      throw new Error('ENOENT');
    });
    expect(landlockReason(ENOSYS)).toMatch(reason);
  },
);

test.each(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'] as const)(
  '%s is no answer about the kernel, and is not kept',
  (name) => {
    const shortage = constants.errno[name];
    isolationSupport(true);
    onKernel(shortage, shortage);
    expect(() => isolationSupport(true)).toThrow(expect.objectContaining({ code: name, syscall: 'spawn' }));
    onKernel(EINVAL, shortage);
    expect(() => isolationSupport(true)).toThrow(expect.objectContaining({ code: name }));
    onKernel(0);
    expect(isolationSupport(true).by).toBe('scopes');
  },
);

test('a child that failed to enter its domain is not isolated by it', () => {
  expect(enforced({}, undefined, E2BIG)).toMatchObject({
    by: undefined,
    reason: expect.stringMatching(/limit is 16$/),
    closed: [...ALWAYS, 'core-dumps'],
  });
});

test('abstractSockets: true leaves them open, and nothing else', () => {
  const { open, closed, domain } = enforced({}, { abstractSockets: true });
  expect(domain).toEqual([0, 0, 2]);
  expect(open.get('abstract-sockets')).toBe('leave out abstractSockets: true');
  expect(closed).toEqual([...ALWAYS, ...MEMORY, 'signals', 'core-dumps']);
  expect(enforced({}, { abstractSockets: false }).domain).toEqual([0, 0, 3]);
  onKernel(EINVAL);
  expect(enforced({}, { abstractSockets: true }).domain).toEqual([REFER, REFER, 0]);
});

describe('what is open depends on the child:', () => {
  test('a capability that inspects processes opens their environment', () => {
    expect(enforced({ mayInspect: true }).open.get('environment')).toBe(
      'give the child another uid, or capabilities: []',
    );
  });

  test('such a capability opens nothing else', () => {
    expect(enforced({ mayInspect: true }).closed).toEqual(enforced().closed.filter((reach) => reach !== 'environment'));
  });

  test('root may write files of the kernel', () => {
    expect(enforced({ isRoot: true }).open.get('files-of-root')).toMatch(/another uid, and no CAP_SETUID/);
    expect(enforced().open.has('files-of-root')).toBe(false);
  });

  test('a hard limit for core dumps above 0 lets it dump core', () => {
    const { open, closed } = enforced({ writesNoCore: false });
    expect([open.get('core-dumps'), closed.includes('core-dumps')]).toEqual([expect.stringMatching(/^rlimits/), false]);
  });

  test('a terminal that it is given is open, whatever else is enforced', () => {
    const { open, closed } = enforced({ hasTerminal: true });
    expect(closed).toEqual(enforced().closed.filter((reach) => reach !== 'terminal'));
    expect([open.get('terminal'), open.get('terminal-files')]).toEqual([
      'give the child no terminal in stdio',
      'give the child no terminal in stdio, and paths that lead to none',
    ]);
    onKernel(ENOSYS, ENOSYS);
    expect(enforced({ hasTerminal: true }).closed).toEqual(['limits', 'keyrings', 'core-dumps']);
  });

  test('no uid closes the files of terminals: every user can open /dev/tty', () => {
    for (const isSameUser of [false, true])
      expect(enforced({ isSameUser }).open.get('terminal-files')).toBe('give paths that lead to no terminal');
  });

  test('another uid is a remedy for a child of the same user', () => {
    onKernel(ENOSYS, ENOSYS);
    const remedies = (isSameUser: boolean) => {
      const { open } = enforced({ isSameUser });
      return ['memory', 'signals', 'abstract-sockets', 'scheduling'].map((reach) => open.get(reach as 'memory'));
    };
    expect(remedies(true)).toEqual([
      'Linux 5.19 or newer, with Landlock, or another uid',
      'Linux 6.12 or newer, with Landlock, or another uid',
      'Linux 6.12 or newer, with Landlock',
      'give the child another uid',
    ]);
    expect(remedies(false)).toEqual([
      'Linux 5.19 or newer, with Landlock',
      'Linux 6.12 or newer, with Landlock',
      'Linux 6.12 or newer, with Landlock',
      'give each child a uid of its own',
    ]);
  });
});

describe('isolate: true', () => {
  const required =
    (subject: Partial<IsolationSubject> = {}) =>
    () =>
      enforced(subject, true);

  test('is honored with scopes, for a child that is not root', () => {
    expect(required()()).toMatchObject({ by: 'scopes', isolation: true });
    expect(required({ isRoot: true })).toThrow(
      /can't be honored: uid 0 can write files.*another uid and no CAP_SETUID, or leave/,
    );
  });

  test.each([
    [EINVAL, 0, /no Landlock scopes/],
    [ENOSYS, ENOSYS, /has no Landlock|denies Landlock/],
  ])('is refused where scopes give errno %i', (scopes, others, reason) => {
    onKernel(scopes, others);
    expect(required()).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED', reason: expect.stringMatching(reason) }),
    );
  });
});

test('isolate: false asks the kernel for nothing, and everything is open', () => {
  const tried = vi.spyOn(addon(), 'tryDomain');
  expect(isolation(false, () => OTHER_USER)).toBe(undefined);
  expect(tried).not.toHaveBeenCalled();
  const { by, closed, open } = notIsolated(OTHER_USER, true).isolation;
  expect([by, closed]).toEqual([undefined, []]);
  expect(open.map(({ reach }) => reach)).toEqual([...ALWAYS, ...MEMORY, ...SCOPED, ...NEVER]);
  expect(open[0]?.remedy).toBe('leave out isolate: false');
  expect(notIsolated(OTHER_USER, false).isolation.open[0]?.remedy).toBe('give isolate: true');
  expect(notIsolated(OTHER_USER, false).isolation.reason).toBe('isolation is off');
  const { open: withTerminal } = notIsolated({ ...OTHER_USER, hasTerminal: true }, true).isolation;
  expect(withTerminal.map(({ reach }) => reach)).toEqual(open.map(({ reach }) => reach));
  expect(withTerminal.find(({ reach }) => reach === 'terminal')?.remedy).toBe(
    'leave out isolate: false, and give the child no terminal in stdio',
  );
});

test('the kernel is asked once, unless it is asked again', () => {
  isolationSupport(true);
  const tried = vi.spyOn(addon(), 'tryDomain');
  const { calls } = tried.mock;
  const before = calls.length;
  isolationSupport();
  expect(calls.length).toBe(before);
  isolationSupport(true);
  expect(calls.length).toBe(before + 1);
});

const BY_FILES = ['cgroup-files', 'oom-score', 'autogroup', 'proc-files', 'terminal-files'];
const granted = (access: Access, paths: readonly string[]) => paths.map((path) => ({ path, access }));
test.each([
  [[], BY_FILES],
  [['/home', '/procs', '/sys/fs/cgroup2'], BY_FILES],
  [['/sys/fs/cgroup/a'], BY_FILES.slice(1)],
  [['/tmp', '/sys'], BY_FILES.slice(1)],
  [['/proc/self/oom_score_adj'], ['cgroup-files', 'terminal-files']],
  [['/proc', '/sys/fs'], ['terminal-files']],
  [['/dev/null', '/dev/shm', '/dev/ptmx', '/devices', '/srv/dev/tty'], BY_FILES],
  [['/'], []],
])('a program that may write %j is kept from %j', (written, closed) => {
  expect(closedByPaths(granted('write', written), false)).toEqual(closed);
});

test.each([
  '/',
  '/dev',
  '/dev/tty',
  '/dev/tty1',
  '/dev/ttyS0',
  '/dev/pts',
  '/dev/pts/3',
  '/dev/console',
  '/dev/vcs1',
  '/dev/hvc0',
])(
  'a program that may read or write %s is not kept from terminals, but, if it may only read, from the rest',
  (path) => {
    expect(closedByPaths(granted('write', [path]), false)).not.toContain('terminal-files');
    for (const access of ['read', 'execute'] as const)
      expect(closedByPaths(granted(access, ['/usr', path]), false)).toEqual(BY_FILES.slice(0, -1));
  },
);

test('a program that is given a terminal is not kept from it by paths', () => {
  expect(closedByPaths([], true)).toEqual(BY_FILES.slice(0, -1));
});

test.each([
  ['/a', '/a', true, true],
  ['/a/b', '/a', true, true],
  ['/a/..b', '/a', true, true],
  ['/a', '/', true, true],
  ['/', '/a', false, true],
  ['/a', '/a/b/c', false, true],
  ['/ab', '/a', false, false],
  ['/b', '/a', false, false],
  ['/a/b', '/a/c', false, false],
])('%s beside %s is beneath it: %o, or has files in common: %o', (path, folder, beneath, common) => {
  expect([isAt(path, folder), overlap(path, folder), overlap(folder, path)]).toEqual([beneath, common, common]);
});
