/** The file access rights that kernels of several versions can restrict, and why others can't. */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readPaths } from '../../lib/landlock/paths/option.js';
import { pathsError, planPaths } from '../../lib/landlock/paths/plan.js';
import { ALL_RIGHTS, bitsOf, RIGHTS, type Right, rightsIn } from '../../lib/landlock/paths/rights.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { addon } from '../../lib/native.js';
import { evaluateScript } from '../support/scripts.js';

const ADDON = fileURLToPath(new URL('../../build/Release/seccomp.node', import.meta.url));
/** A right that no kernel has. */
const UNKNOWN = 2 ** 31;
const { E2BIG, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } = constants.errno;

afterEach(() => {
  vi.restoreAllMocks();
  pathsSupport(true);
});

const supportOn = (found: ReturnType<ReturnType<typeof addon>['landlockSupport']>, entering = 0) => {
  vi.spyOn(addon(), 'landlockSupport').mockReturnValue(found);
  vi.spyOn(addon(), 'tryDomain').mockReturnValue(entering);
  return pathsSupport(true);
};

test('the rights are those that the kernel accepts, not those of its version', () => {
  const rights = bitsOf('READ_FILE', 'WRITE_FILE');
  expect(supportOn([rights, 9])).toEqual({ rights, abi: 9, reason: null });
  expect(addon().tryDomain).toHaveBeenCalledWith([rights, rights, 0]);
});

test.each([
  [ENOSYS, /has no Landlock|an attached filter denies Landlock/],
  [EOPNOTSUPP, /add landlock to lsm=/],
  [EPERM, /an attached filter denies Landlock/],
])('without Landlock (errno %i) there are none', (errno, reason) => {
  expect(supportOn(-errno)).toMatchObject({ rights: 0, abi: null, reason: expect.stringMatching(reason) });
});

test('there are none where no domain can be entered', () => {
  const reason = expect.stringMatching(/too many Landlock domains/);
  const obstacle = { reason: expect.stringMatching(/domains/), remedy: expect.stringMatching(/^start it from one/) };
  expect(supportOn([ALL_RIGHTS, 7], E2BIG)).toEqual({ rights: 0, abi: 7, reason, obstacle });
  expect(supportOn([0, 7])).toEqual({ rights: 0, abi: 7, reason: `Landlock fails with errno ${EINVAL}` });
});

test('the kernel is asked once, unless it is asked again', () => {
  pathsSupport(true);
  const asked = vi.spyOn(addon(), 'landlockSupport');
  pathsSupport();
  expect(asked).not.toHaveBeenCalled();
  pathsSupport(true);
  expect(asked).toHaveBeenCalledWith(ALL_RIGHTS);
});

describe('a plan of paths', () => {
  const paths = readPaths({ read: ['/'] });
  const METADATA = { reach: 'metadata', remedy: expect.stringMatching(/^give the child another uid/) };
  const REACHES = ['files', 'truncation', 'pathname-sockets', 'device-ioctls'];
  const NEWER = expect.stringMatching(/^a kernel with Landlock, Linux 5\.13 or newer; `seccomp doctor` says/);
  const nothing = (reason: unknown, remedy: unknown) => ({
    ...{ reason, closed: [], alsoDenied: [] },
    open: [...REACHES.map((reach) => ({ reach, remedy })), METADATA],
  });
  /** All rights but these. */
  const without = (...rights: readonly Right[]) => ALL_RIGHTS & ~bitsOf(...rights);

  test.each<[readonly Right[], readonly string[]]>([
    [[], ['mounts']],
    [['RESOLVE_UNIX'], ['mounts', 'unix-sockets', 'io_uring']],
    [
      ['RESOLVE_UNIX', 'IOCTL_DEV'],
      ['mounts', 'unix-sockets', 'io_uring', 'openat2'],
    ],
    [['IOCTL_DEV'], ['mounts', 'openat2']],
    [['TRUNCATE'], ['mounts', 'truncate', 'openat2']],
    [['REFER'], ['mounts', 'moves']],
    [
      ['REFER', 'TRUNCATE', 'RESOLVE_UNIX', 'IOCTL_DEV'],
      ['mounts', 'moves', 'truncate', 'unix-sockets', 'io_uring', 'openat2'],
    ],
  ])('on a kernel without the rights %j denies beside: %j', (rights, alsoDenied) => {
    supportOn([without(...rights), 9]);
    const lacks = (right: Right) => rights.includes(right);
    const plan = planPaths(paths, false);
    expect(plan).toMatchObject({ paths, handled: without(...rights), required: true });
    expect(plan.gaps).toEqual({
      unixSockets: lacks('RESOLVE_UNIX'),
      truncation: lacks('TRUNCATE'),
      deviceIoctls: lacks('IOCTL_DEV'),
    });
    const ioctls = {
      reach: 'device-ioctls',
      remedy: expect.stringMatching(/^Linux 6\.10 or newer, .* this is Linux \S+$/),
    };
    expect(plan.enforced(0)).toEqual({
      by: 'landlock',
      closed: lacks('IOCTL_DEV') ? REACHES.slice(0, 3) : REACHES,
      open: lacks('IOCTL_DEV') ? [ioctls, METADATA] : [METADATA],
      alsoDenied,
    });
    expect(Object.isFrozen(plan.enforced(0))).toBe(true);
  });

  test('has the same gaps for the same rights', () => {
    supportOn([without('TRUNCATE'), 9]);
    expect(planPaths(paths, true).gaps).toBe(planPaths(readPaths({}), false).gaps);
  });

  test('with bestEffort restricts nothing where a child fails to enter its domain', () => {
    supportOn([ALL_RIGHTS, 9]);
    const plan = planPaths(paths, true);
    expect(plan.required).toBe(false);
    expect(plan.enforced(E2BIG)).toEqual(nothing(expect.stringMatching(/too many Landlock domains/), NEWER));
    expect(pathsError(plan, EPERM)).toMatchObject({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(
        /^options\.paths can't be honored: an attached filter denies Landlock: .*; leave it out/,
      ),
    });
  });

  test.each<[string, number, string | null, unknown, unknown]>([
    ['without Landlock', ENOSYS, null, expect.stringMatching(/has no Landlock|denies Landlock/), NEWER],
    [
      'with an obstacle',
      0,
      'it runs',
      'it runs',
      expect.stringMatching(/^start the program with paths, or Linux 7\.0/),
    ],
    ['with both', ENOSYS, 'it runs', expect.stringMatching(/has no Landlock|denies Landlock/), NEWER],
  ])('%s is refused, or with bestEffort restricts nothing', (_, error, obstacle, reason, remedy) => {
    supportOn(error === 0 ? [ALL_RIGHTS, 9] : -error);
    expect(() => planPaths(paths, false, obstacle)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: expect.stringMatching(
          /^options\.paths can't be honored: .*(has no Landlock|denies Landlock|it runs).*; leave it out, or/,
        ),
      }),
    );
    const plan = planPaths(paths, true, obstacle);
    expect(plan).toMatchObject({ paths, handled: 0, required: false });
    expect(plan.gaps).toBeUndefined();
    expect([plan.enforced(0), plan.enforced(EPERM)]).toEqual([nothing(reason, remedy), nothing(reason, remedy)]);
  });
});

test('this kernel has every right of its version, and no other', ({ skip }) => {
  const { rights, abi, reason } = pathsSupport(true);
  if (abi === null) return skip(String(reason));
  // In mainline kernels. Those of vendors may lack some.
  expect(rightsIn(rights)).toEqual(Object.keys(RIGHTS).filter((name) => RIGHTS[name as 'REFER'].abi <= abi));
});

test('the addon asks for each right by itself, and takes a mask of 32 bits only', ({ skip }) => {
  const { abi, reason } = pathsSupport(true);
  expect(() => addon().landlockSupport(2 ** 32)).toThrow(/usage: landlockSupport\(mask\)/);
  if (abi === null) return skip(String(reason));
  expect(addon().landlockSupport(UNKNOWN + RIGHTS.READ_FILE.bit)).toEqual([RIGHTS.READ_FILE.bit, abi]);
  expect(addon().landlockSupport(0)).toEqual([0, abi]);
});

/**
 * The rights that the addon finds in a process under a filter that makes some system calls fail, the errno of entering a
 * domain there, also of one with an unknown right, and the shared memory and the children that this leaves.
 */
const underFilter = (names: readonly string[], action: string) =>
  evaluateScript(`
    const addon = require(${JSON.stringify(ADDON)});
    const syscalls = [{ names: ${JSON.stringify(names)}, action: '${action}' }];
    sandbox.harden({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }, { acceptRings: true });
    const read = (file) => require('node:fs').readFileSync('/proc/self/' + file, 'utf8');
    const shared = () => read('maps').split('/dev/zero').length;
    const before = shared();
    const found = addon.landlockSupport(${ALL_RIGHTS});
    const entering = [addon.tryDomain([1, 1, 0]), addon.tryDomain([${UNKNOWN}, 0, 0])];
    return { found, entering, left: shared() - before, children: read('task/' + process.pid + '/children') };`);
const nothingLeft = { left: 0, children: '' };

test.each(['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO'])(
  'a process whose filter makes Landlock fail with %s goes on, and has none',
  (action) =>
    expect(underFilter(['landlock_create_ruleset'], action)).toEqual({
      found: -EPERM,
      entering: [EPERM, EPERM],
      ...nothingLeft,
    }),
);

test('a process whose filter allows Landlock has those of this one', () => {
  expect(underFilter(['mount'], 'SCMP_ACT_ERRNO')).toEqual({
    found: addon().landlockSupport(ALL_RIGHTS),
    entering: [addon().tryDomain([1, 1, 0]), addon().tryDomain([UNKNOWN, 0, 0])],
    ...nothingLeft,
  });
});
