/** Which limits can be enforced, found in directories that stand for cgroups. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cgroup } from '../../lib/process-tree/cgroup.js';
import { limitsSupport } from '../../lib/process-tree/limits-support.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'seccomp-limits-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A cgroup of these processes, with these controllers. */
function cgroup(path: string, controllers: string, processes = '', enabled = ''): Cgroup {
  const directory = join(root, path);
  mkdirSync(directory, { recursive: true });
  const files = { type: 'domain', controllers, procs: processes, subtree_control: enabled };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, `cgroup.${name}`), `${text}\n`);
  return { path, directory, mount: { root: '/', point: root } };
}

test('in a subgroup of a delegated cgroup, all limits can be enforced, and nothing is changed', () => {
  const { directory } = cgroup('/app.service', 'cpuset cpu io memory pids');
  const own = cgroup('/app.service/main', 'memory pids', '1');
  expect(limitsSupport(own)).toEqual({
    names: ['memory', 'processes', 'cpu'],
    cgroup: '/app.service',
    obstacle: null,
    delegated: null,
  });
  expect(readFileSync(join(directory, 'cgroup.subtree_control'), 'utf8')).toBe('\n');
});

test('limits whose controller the cgroup lacks can’t be enforced', () => {
  cgroup('/app.service', 'memory pids', '', 'memory');
  expect(limitsSupport(cgroup('/app.service/main', 'memory', '1'))).toEqual({
    names: ['memory', 'processes'],
    cgroup: '/app.service',
    obstacle: expect.objectContaining({
      reason: 'the cgroup /app.service does not have the controller cpu (it has memory, pids)',
    }),
    delegated: null,
  });
});

test('beneath a cgroup that has processes, no controller can be enabled', () => {
  cgroup('/app.service', 'cpu memory pids', '1\n2', 'cpu');
  expect(limitsSupport(cgroup('/app.service/main', '', '3'))).toMatchObject({
    names: ['cpu'],
    obstacle: { reason: expect.stringMatching(/controller memory can't be enabled in .*\/app\.service \(EBUSY\)$/) },
  });
});

test('a threaded cgroup, whose processes can’t be read, is taken for one without', () => {
  const { directory } = cgroup('/app.service', 'cpu memory pids', '1');
  rmSync(join(directory, 'cgroup.procs'));
  mkdirSync(join(directory, 'cgroup.procs'));
  expect(limitsSupport(cgroup('/app.service/main', '', '3'))).toMatchObject({ names: ['memory', 'processes', 'cpu'] });
});

test('where delegateCgroup() is not what to do, it is not told', () => {
  cgroup('/app.service', 'cpu memory pids');
  const own = { ...cgroup('/app.service/main', 'cpu memory pids', '3'), directory: join(root, 'none/none') };
  expect(limitsSupport(own)).toEqual({
    ...{ names: [], cgroup: null, delegated: null },
    obstacle: {
      reason: expect.stringMatching(/none of this process's cgroup does not exist$/),
      remedy: 'mount cgroup v2 there',
    },
  });
});

test('what delegateCgroup() would allow is told', () => {
  expect(limitsSupport(cgroup('/', 'memory pids', '1'))).toMatchObject({
    names: [],
    cgroup: null,
    obstacle: { reason: expect.stringMatching(/^this process is in \/, the topmost/) },
    delegated: { names: ['memory', 'processes'], cgroup: '/', obstacle: { reason: expect.stringContaining('cpu') } },
  });
});

test('without a cgroup of version 2, the reason is kept', () => {
  const obstacle = { reason: 'this kernel has no cgroup v2', remedy: 'boot another' };
  expect(limitsSupport(obstacle)).toEqual({ names: [], cgroup: null, obstacle, delegated: null });
});
