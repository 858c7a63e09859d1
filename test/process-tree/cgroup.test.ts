/** The search for cgroups: texts of /proc as they are on several systems, and directories that stand for cgroups. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Cgroup,
  enableController,
  locateCgroup,
  MOVE,
  parentOf,
  placeForLeaves,
} from '../../lib/process-tree/cgroup.js';

const UNIFIED = '35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const HYBRID = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
].join('\n');
const IN_V1 = '4:memory:/user.slice\n1:name=systemd:/\n';

test.each([
  ['systemd', UNIFIED, '0::/user.slice/app.scope\n', '/sys/fs/cgroup/user.slice/app.scope'],
  ['a container with a namespace of its own', UNIFIED, '0::/\n', '/sys/fs/cgroup/'],
  ['both versions', HYBRID, `${IN_V1}0::/a\n`, '/sys/fs/cgroup/unified/a'],
  ['a part of the hierarchy', '9 8 0:3 /a/b /mnt/x\\040y rw - cgroup2 c rw', '0::/a/b/c', '/mnt/x y/c'],
  ['a mount of this very cgroup', '9 8 0:3 /a/b /mnt rw - cgroup2 c rw', '0::/a/b', '/mnt'],
  [
    'a mount of a cgroup with a similar name',
    `${UNIFIED}\n9 8 0:3 /a /mnt rw - cgroup2 c rw`,
    '0::/ab',
    '/sys/fs/cgroup/ab',
  ],
  ['two mounts at one place', `${UNIFIED}\n9 8 0:3 /a /sys/fs/cgroup rw - cgroup2 c rw`, '0::/a/b', '/sys/fs/cgroup/b'],
])('with %s, the cgroup is found', (_, mountinfo, membership, directory) => {
  expect(locateCgroup(mountinfo, membership)).toMatchObject({ directory });
});

test.each([
  ['version 1 alone', HYBRID.replace('cgroup2', 'x'), IN_V1, /^this kernel has no cgroup v2$/, /^boot with /],
  ['nothing mounted', '', '0::/\n', /^cgroup v2 is not mounted$/, /^mount it at \/sys\/fs\/cgroup$/],
  [
    'the mount of the host',
    UNIFIED.replace(' / /', ' /../.. /'),
    '0::/\n',
    /^this process's cgroup \/ is not visible beneath \/sys\/fs\/cgroup$/,
    /--cgroupns=private/,
  ],
  [
    'a cgroup outside of the namespace',
    UNIFIED,
    '0::/../a\n',
    /^this process's cgroup \/\.\.\/a is not visible/,
    /--cgroupns=private/,
  ],
])('with %s, the reason and the remedy are named', (_, mountinfo, membership, reason, remedy) => {
  expect(locateCgroup(mountinfo, membership)).toEqual({
    reason: expect.stringMatching(reason),
    remedy: expect.stringMatching(remedy),
  });
});

test('the parent of a cgroup is seen up to the root of the mount', () => {
  const mount = { root: '/a', point: '/mnt' };
  const parent = parentOf({ path: '/a/b', directory: '/mnt/b', mount });
  expect(parent).toEqual({ path: '/a', directory: '/mnt', mount });
  expect(parent && parentOf(parent)).toBeUndefined();
});

test('mounts of version 1 are none of version 2', () => {
  const reversed = HYBRID.split('\n').reverse().join('\n');
  expect(locateCgroup(reversed, '0::/a\n')).toMatchObject({ directory: '/sys/fs/cgroup/unified/a' });
});

describe('in a hierarchy of directories', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'seccomp-cgroup-'));
    writeFileSync(join(root, 'cgroup.procs'), '');
    writeFileSync(join(root, 'cgroup.subtree_control'), 'pids\n');
    writeFileSync(join(root, 'cgroup.controllers'), 'memory pids\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** A cgroup at this path, which is made. */
  function cgroup(path: string): Cgroup {
    const directory = join(root, path);
    mkdirSync(directory, { recursive: true });
    for (const name of ['type', 'procs', 'subtree_control']) writeFileSync(join(directory, `cgroup.${name}`), '');
    return { path, directory, mount: { root: '/', point: root } };
  }

  const ofRoot = () => ({ path: '/', directory: root, mount: { root: '/', point: root } });

  test('the root of the whole hierarchy may have processes and children', () => {
    expect(placeForLeaves(ofRoot())).toEqual(ofRoot());
  });

  test('the parent of this process’s cgroup is the place', () => {
    cgroup('/app.service');
    expect(placeForLeaves(cgroup('/app.service/main'))).toMatchObject({ path: '/app.service' });
  });

  test.each([
    ['/app.slice', '/app.slice/app.service', /^the parent of this process's cgroup, \/app\.slice, belongs to systemd$/],
  ])('a slice is not the place', (parent, own, reason) => {
    cgroup(parent);
    expect(placeForLeaves(cgroup(own))).toEqual({ reason: expect.stringMatching(reason), remedy: MOVE });
  });

  test('the topmost cgroup of a container has no parent', () => {
    const top = cgroup('/');
    const reason = 'this process is in /, the topmost cgroup that it can see';
    expect(placeForLeaves(top)).toEqual({ reason, remedy: MOVE });
  });

  test('a place whose files this process may not read is an obstacle', () => {
    cgroup('/app.service');
    for (const [place, from] of [
      [join(root, 'app.service'), cgroup('/app.service/main')],
      [root, ofRoot()],
    ] as const) {
      const control = join(place, 'cgroup.subtree_control');
      rmSync(control, { force: true });
      mkdirSync(control); // A directory can't be read, not even by root.
      expect(placeForLeaves(from)).toEqual({
        reason: `${control} can't be read (EISDIR)`,
        remedy: 'grant /sys/fs/cgroup to this process',
      });
    }
  });

  test('a cgroup without its directory is an obstacle', () => {
    const own = { ...cgroup('/a'), directory: join(root, 'none') };
    expect(placeForLeaves(own)).toMatchObject({
      reason: expect.stringMatching(/none of this process's cgroup does not/),
    });
  });

  test('a controller that a cgroup beneath the root does not have has to be delegated', () => {
    const own = cgroup('/app.service');
    writeFileSync(join(own.directory, 'cgroup.controllers'), '\n');
    expect(enableController(own, 'cpu')).toEqual({
      reason: 'the cgroup /app.service does not have the controller cpu (it has none)',
      remedy: 'delegate it: Delegate=yes for a service, or Delegate=cpu memory pids for user@.service',
    });
  });

  test('a controller that the cgroup does not have is named, with those that it has', () => {
    expect(enableController(ofRoot(), 'pids')).toBeUndefined();
    expect(enableController(ofRoot(), 'cpu')).toEqual({
      reason: 'the cgroup / does not have the controller cpu (it has memory, pids)',
      remedy: expect.stringMatching(/^boot with systemd\.unified_cgroup_hierarchy=1/),
    });
  });
});
