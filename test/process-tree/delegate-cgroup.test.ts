/** delegateCgroup(), in a hierarchy of directories that behaves as one of cgroup v2. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { enableController, MOVE, ownCgroup, placeForLeaves } from '../../lib/process-tree/cgroup.js';
import { delegateCgroup } from '../../lib/process-tree/delegate-cgroup.js';
import { ownProcObstacle } from '../../lib/process-tree/sampled-limits.js';
import { Hierarchy, systemError } from './hierarchy.js';

vi.mock('node:fs', async () => (await import('./hierarchy.js')).fakeFs);

const SELF = process.pid;
const SUBGROUP = '/app/seccomp-parent';

let hierarchy: Hierarchy;
beforeEach(() => {
  hierarchy = new Hierarchy();
  hierarchy.add('/');
});
afterEach(() => hierarchy.remove());

/** Places this process in /app, the topmost cgroup that it can see, with other processes. */
function inTopmost(others: readonly number[] = [], controllers = 'cpu memory pids'): void {
  hierarchy.add('/app', [SELF, ...others], controllers);
  hierarchy.place('/app', '/app');
}
const processes = (path: string) => hierarchy.words(path, 'cgroup.procs').map(Number);
const refused = (message: string | RegExp) =>
  expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED', message: expect.stringMatching(message) });

test('in a subgroup of a delegated cgroup, only the controllers are enabled', () => {
  hierarchy.add('/app', [], 'memory cpu pids');
  hierarchy.add('/app/main', [SELF, 7]);
  hierarchy.place('/app/main');
  expect(delegateCgroup()).toEqual({ cgroup: '/app', controllers: ['memory', 'pids', 'cpu'], moved: [] });
  expect([processes('/app/main'), hierarchy.words('/app', 'cgroup.subtree_control')]).toEqual([
    [SELF, 7],
    ['memory', 'pids', 'cpu'],
  ]);
});

describe('a process in the topmost cgroup', () => {
  test('moves into a subgroup', () => {
    inTopmost();
    expect(delegateCgroup({})).toEqual({ cgroup: '/app', controllers: ['memory', 'pids', 'cpu'], moved: [SELF] });
    expect([processes('/app'), processes(SUBGROUP)]).toEqual([[], [SELF]]);
  });

  test('gets the controllers that there are', () => {
    inTopmost([], 'io pids');
    expect(delegateCgroup().controllers).toEqual(['pids']);
  });

  test('uses the subgroup of an earlier process', () => {
    inTopmost();
    hierarchy.add(SUBGROUP, [7]);
    expect(delegateCgroup().moved).toEqual([SELF]);
    expect(processes(SUBGROUP)).toEqual([7, SELF]);
  });

  test.each([undefined, {}, { others: 'refuse' }, { others: undefined }] as const)(
    'stays with others, which are named, with the options %o',
    (options) => {
      inTopmost([71, 0, 72]);
      hierarchy.kernelFiles.set('/proc/71/comm', 'sh\n');
      hierarchy.kernelErrors.set('/proc/72/comm', 'ENOENT');
      const others =
        /^delegateCgroup: the cgroup \/app has other processes \(71 sh, one of another PID namespace, 72\); start /;
      expect(() => delegateCgroup(options)).toThrow(refused(others));
      expect(processes('/app')).toEqual([SELF, 71, 0, 72]);
    },
  );

  test('stays with one other', () => {
    inTopmost([71]);
    expect(() => delegateCgroup()).toThrow(refused(/^delegateCgroup: the cgroup \/app has other processes \(71\b/));
    expect(processes('/app')).toEqual([SELF, 71]);
  });

  test('moves others too if it is told to, but for those that have ended', () => {
    inTopmost([71, 72]);
    hierarchy.failures.set('cgroup.procs 71', 'ESRCH');
    hierarchy.beforeMove = (pid) => pid === SELF && hierarchy.removeProcess('/app', 71);
    expect(delegateCgroup({ others: 'move' }).moved).toEqual([SELF, 72]);
    expect(processes(SUBGROUP)).toEqual([SELF, 72]);
  });

  test('moves those that are started meanwhile, and names each once', () => {
    inTopmost([71]);
    const started = [73, 74];
    hierarchy.beforeMove = () => {
      const next = started.shift();
      if (next !== undefined) hierarchy.addProcess('/app', next);
    };
    expect(delegateCgroup({ others: 'move' }).moved).toEqual([SELF, 71, 73, 74]);
  });

  test('gives up if more and more are started, and moves all back', () => {
    inTopmost();
    let last = 1_000_000;
    hierarchy.beforeMove = () => hierarchy.addProcess('/app', ++last);
    expect(() => delegateCgroup({ others: 'move' })).toThrow(refused(/the controller memory can't be enabled.*EBUSY/));
    expect(last).toBe(1_000_200); // 100 were moved, and moved back.
  });

  test('is moved back if no controller can be enabled', () => {
    inTopmost([71], '');
    const message =
      /^delegateCgroup: the cgroup \/app does not have the controller memory \(it has none\); delegate it: /;
    expect(() => delegateCgroup({ others: 'move' })).toThrow(refused(message));
    expect([processes('/app').sort(), hierarchy.names('/app').includes('seccomp-parent')]).toEqual([
      [71, SELF].sort(),
      false,
    ]);
  });

  test('is moved back if another can’t be moved', () => {
    inTopmost([71]);
    hierarchy.failures.set('cgroup.procs 71', 'EACCES');
    const message =
      /^delegateCgroup: processes can't be moved from \/app to seccomp-parent \(EACCES: as the kernel\); start/;
    expect(() => delegateCgroup({ others: 'move' })).toThrow(refused(message));
    expect([processes('/app'), hierarchy.names('/app').includes('seccomp-parent')]).toEqual([[71, SELF], false]);
  });

  test('is told if no subgroup can be made', () => {
    inTopmost();
    hierarchy.beforeMake = () => {
      throw systemError('ENOSPC');
    };
    expect(() => delegateCgroup()).toThrow(refused(/\(ENOSPC: as the kernel\)/));
    expect(processes('/app')).toEqual([SELF]);
  });
});

describe('it moves nothing', () => {
  test('without cgroup v2', () => {
    hierarchy.place('/');
    hierarchy.kernelFiles.set('/proc/self/cgroup', '4:memory:/\n');
    expect(() => delegateCgroup()).toThrow(refused(/^delegateCgroup: this kernel has no cgroup v2; boot with/));
  });

  test('if /proc can’t be read', () => {
    hierarchy.kernelErrors.set('/proc/self/mountinfo', 'EACCES');
    expect(() => delegateCgroup()).toThrow(
      refused(
        /^delegateCgroup: \/proc can't be read \(EACCES\); mount it, or let the sandbox of this process read it$/,
      ),
    );
    expect(ownProcObstacle(false)).toEqual({
      reason: "/proc can't be read (EACCES)",
      remedy: 'mount it, or let the sandbox of this process read it',
    });
  });

  test('if this process may not change its cgroup', () => {
    inTopmost();
    hierarchy.failures.set('/app/cgroup.procs', 'EACCES');
    expect(() => delegateCgroup()).toThrow(
      refused(/topmost cgroup that it can see; start this process in a delegated/),
    );
    expect(processes('/app')).toEqual([SELF]);
  });

  test.each<[unknown, string, RegExp]>([
    [null, 'ERR_INVALID_ARG_TYPE', /"options" argument must be of type object/],
    ['move', 'ERR_INVALID_ARG_TYPE', /"options" argument must be of type object/],
    [{ other: 'move' }, 'ERR_INVALID_ARG_VALUE', /options\.other: is unknown \(did you mean others\?\)/],
    [{ others: 'kill' }, 'ERR_INVALID_ARG_VALUE', /options\.others.* must be one of: undefined, 'refuse', 'move'/],
    [{ others: null }, 'ERR_INVALID_ARG_VALUE', /options\.others/],
  ])('with the options %o', (options, code, message) => {
    inTopmost([71]);
    const expected = expect.objectContaining({ code, message: expect.stringMatching(message) });
    expect(() => delegateCgroup(options as never)).toThrow(expected);
    expect(processes('/app')).toEqual([SELF, 71]);
  });
});

describe('the place for cgroups of children', () => {
  const found = () => {
    const own = ownCgroup();
    if ('reason' in own) throw new Error(own.reason);
    return own;
  };

  test.each([
    ['', 'EROFS', /^give the container a cgroup namespace/],
    ['', 'EACCES', /^start this process in a delegated cgroup/],
    ['cgroup.procs', 'EACCES', /^start this process in a delegated cgroup/],
    ['cgroup.subtree_control', 'EACCES', /^start this process in a delegated cgroup/],
  ])('is not the parent if ‹%s› there fails with %s', (file, code, remedy) => {
    hierarchy.add('/app');
    hierarchy.add('/app/main', [SELF]);
    hierarchy.place('/app/main');
    for (const group of ['/app', '/app/main']) hierarchy.failures.set(`${group}${file && '/'}${file}`, code);
    expect(placeForLeaves(found())).toEqual({
      reason: `this process can't make cgroups in ${hierarchy.root}/app (${code})`,
      remedy: expect.stringMatching(remedy),
    });
    for (const file of ['', '/cgroup.procs', '/cgroup.subtree_control']) hierarchy.failures.delete(`/app/main${file}`);
    expect(placeForLeaves(found())).toMatchObject({ remedy: MOVE });
  });

  test('has a controller enabled once, unless the kernel refuses', () => {
    hierarchy.add('/app', []);
    hierarchy.add('/app/main', [SELF]);
    hierarchy.place('/app/main');
    const place = placeForLeaves(found());
    if ('reason' in place) throw new Error(place.reason);
    expect([enableController(place, 'pids'), enableController(place, 'pids')]).toEqual([undefined, undefined]);
    expect(hierarchy.words('/app', 'cgroup.subtree_control')).toEqual(['pids']);
    hierarchy.failures.set('cgroup.subtree_control +cpu', 'EPERM');
    hierarchy.addProcess('/app', 71);
    expect([enableController(place, 'cpu'), enableController(place, 'memory')]).toEqual([
      { reason: `the controller cpu can't be enabled in ${place.directory} (EPERM)`, remedy: 'check its permissions' },
      {
        reason: `the controller memory can't be enabled in ${place.directory} (EBUSY)`,
        remedy: 'move its own processes into a subgroup: no cgroup can have both',
      },
    ]);
  });
});
