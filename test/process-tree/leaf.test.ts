/** The cgroup of one child, in a hierarchy of directories that behaves as one of cgroup v2. */
import { existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Leaf } from '../../lib/process-tree/leaf.js';
import { kernelLimit } from '../../lib/process-tree/limit-reason.js';
import type { LimitValues } from '../../lib/process-tree/limits.js';
import { Hierarchy } from './hierarchy.js';

vi.mock('node:fs', async () => (await import('./hierarchy.js')).fakeFs);

const NEW = {
  'memory.max': 'max',
  'memory.oom.group': '0',
  'memory.swap.max': 'max',
  'memory.zswap.max': 'max',
  'pids.max': 'max',
  'cpu.max': 'max 100000',
};

let hierarchy: Hierarchy;
beforeEach(() => {
  hierarchy = new Hierarchy();
  hierarchy.files = NEW;
  hierarchy.add('/place');
});
afterEach(() => hierarchy.remove());

const directoryOf = (path: string) => join(hierarchy.root, path);
const make = (limits: LimitValues = {}) =>
  Leaf.make({ path: '/place', directory: directoryOf('/place'), mount: { root: '/', point: hierarchy.root } }, limits);

describe('a new leaf', () => {
  test.each<[LimitValues, Partial<typeof NEW>]>([
    [{}, {}],
    [
      { memory: 2n ** 40n },
      { 'memory.max': '1099511627776', 'memory.oom.group': '1', 'memory.swap.max': '0', 'memory.zswap.max': '0' },
    ],
    [{ processes: 7 }, { 'pids.max': '7' }],
    [{ cpu: 1.5 }, { 'cpu.max': '150000 100000' }],
    [{ cpu: 0.012_346 }, { 'cpu.max': '1235 100000' }],
    [
      { processes: 1, cpu: 8192 },
      { 'pids.max': '1', 'cpu.max': '819200000 100000' },
    ],
  ])('with %o has these files changed: %o', (limits, changed) => {
    const { path } = make(limits);
    const texts = Object.keys(NEW).map((name) => [name, readFileSync(join(directoryOf(path), name), 'utf8').trim()]);
    expect(Object.fromEntries(texts)).toEqual({ ...NEW, ...changed });
  });

  test('needs no files of swap', () => {
    hierarchy.files = { 'memory.max': '', 'memory.oom.group': '' };
    expect(readFileSync(join(directoryOf(make({ memory: 5n }).path), 'memory.max'), 'utf8')).toBe('5');
  });

  test.each(['memory.max', 'memory.oom.group', 'pids.max', 'cpu.max'] as const)('fails without %s', (name) => {
    const { [name]: _, ...others } = NEW;
    hierarchy.files = others;
    expect(() => make({ memory: 5n, processes: 5, cpu: 1 })).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(existsSync(directoryOf('/place/cgroup.procs'))).toBe(true);
    expect(leaves()).toEqual([]);
  });

  test('fails where swap can’t be forbidden', () => {
    hierarchy.failures.set('memory.swap.max 0', 'EACCES');
    expect(() => make({ memory: 5n })).toThrow(expect.objectContaining({ code: 'EACCES' }));
  });

  test('has a name of its own, with the process and its PID namespace', () => {
    const [first, second] = [make(), make()];
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    const name = new RegExp(`^/place/seccomp-${namespace}-${process.pid}-${startOf('self')}-0\\.(\\d+)$`);
    const numbers = [first, second].map(({ path }) => Number(name.exec(path)?.[1]));
    expect(numbers[1]).toBe((numbers[0] ?? Number.NaN) + 1);
  });

  test('takes the next name that is free', () => {
    const { path } = make();
    const next = (more: number) => path.replace(/\d+$/, (number) => String(Number(number) + more));
    hierarchy.add(next(1));
    hierarchy.add(next(2));
    expect(make().path).toBe(next(3));
  });

  test('has its descriptor open while it is used', () => {
    const leaf = make();
    const link = (descriptor: number) => readlinkSync(`/proc/self/fd/${descriptor}`);
    let used = -1;
    const linked = leaf.withDescriptor((descriptor) => {
      used = descriptor;
      return link(descriptor);
    });
    expect(linked).toBe(directoryOf(leaf.path));
    expect(() => link(used)).toThrow(/ENOENT/);
    const failing = (descriptor: number) => {
      used = descriptor;
      throw new Error('mine');
    };
    expect(() => leaf.withDescriptor(failing)).toThrow('mine');
    expect(() => link(used)).toThrow(/ENOENT/);
  });
});

/** A leaf with these events. */
function leafWith(memory: string, pids: string): Leaf {
  hierarchy.files = { 'memory.events': memory, 'pids.events': pids };
  return make();
}

test('events are counted by their names, and those of a removed cgroup are none', () => {
  const leaf = leafWith('low 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n', 'max 6\nmaximum 7\n');
  expect(leaf.events()).toEqual({ memoryKills: 4, processRefusals: 6 });
  leaf.remove();
  expect(leaf.events()).toEqual({ memoryKills: 0, processRefusals: 0 });
});

test('what was used is read in its units, and is unknown without the file', () => {
  hierarchy.files = { 'cpu.stat': 'usage_usec 1500\nuser_usec 1200\n', 'memory.peak': '4096\n' };
  const leaf = make();
  expect([leaf.cpuTime(), leaf.peakMemory()]).toEqual([1.5, 4096]);
  leaf.remove();
  expect([leaf.cpuTime(), leaf.peakMemory()]).toEqual([undefined, undefined]);
});

describe('the limit that ended a program', () => {
  const events = (kills: number, refusals: number) => leafWith(`oom_kill ${kills}\n`, `max ${refusals}\n`);
  const killed = { code: null, signal: 'SIGKILL' } as const;
  const failed = { code: 1, signal: null };
  const ended = { code: 0, signal: null };

  test.each([
    ['SIGXFSZ before all others', { code: null, signal: 'SIGXFSZ' }, [1, 1], true, 'memory', 'file-size'],
    ['SIGXCPU', { code: null, signal: 'SIGXCPU' }, [1, 1], true, 'memory', 'cpu'],
    ['memory before processes', killed, [1, 1], false, null, 'memory'],
    ['memory, if a child was killed', failed, [1, 0], false, null, 'memory'],
    ['processes', failed, [0, 1], false, null, 'processes'],
    ['none', failed, [0, 0], false, null, null],
    ['none for a program that ended well', ended, [1, 1], false, null, null],
    ['none for one that this process ended', killed, [1, 1], true, 'memory', null],
    ['that of the cgroup, not of a guardian', failed, [0, 0], false, 'memory', null],
    ['that of a guardian', killed, undefined, false, 'processes', 'processes'],
    ['none of a guardian, for a program that ended well', ended, undefined, false, 'processes', null],
    ['none of a guardian, for one that this process ended', killed, undefined, true, 'processes', null],
  ] as const)('is %s', (_, end, counts, isStopped, sampled, limit) => {
    const leaf = counts && events(counts[0], counts[1]);
    expect(kernelLimit(end, leaf, isStopped, sampled)).toBe(limit);
  });
});

describe('a leaf is removed', () => {
  test('at once without processes', async () => {
    const leaf = make();
    leaf.remove();
    expect(existsSync(directoryOf(leaf.path))).toBe(false);
    await leaf.removed;
  });

  test('when its last process has ended', async () => {
    const leaf = make();
    const directory = directoryOf(leaf.path);
    const write = (name: string, text: string) => writeFileSync(join(directory, name), text, { flag: 'r+' });
    write('cgroup.procs', '7');
    leaf.remove();
    leaf.remove();
    expect(existsSync(directory)).toBe(true);
    // The watch does not keep this process alive.
    expect(process.getActiveResourcesInfo().filter((name) => /FSEvent/i.test(name))).toEqual([]);
    rmSync(join(directory, 'cgroup.procs'));
    hierarchy.add(leaf.path);
    write('cgroup.events', 'populated 0');
    await leaf.removed;
    expect(existsSync(directory)).toBe(false);
  });

  test('although its directory is gone', async () => {
    const leaf = make();
    rmSync(directoryOf(leaf.path), { recursive: true });
    leaf.remove();
    await leaf.removed;
  });
});

const leaves = () => [...new Set(hierarchy.names('/place'))].filter((name) => name.startsWith('seccomp-')).sort();

/** The start time of a process: field 22 of proc_pid_stat(5). */
const startOf = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];

test('the first leaf in a directory removes the empty ones of processes that have ended', () => {
  const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
  const own = `seccomp-${namespace}-${process.pid}-${startOf('self')}-9.9`;
  const others = {
    // No process has this ID: PID_MAX_LIMIT of Linux is 4194304.
    ended: `seccomp-${namespace}-4194305-1-0.0`,
    'with a process': `seccomp-${namespace}-4194305-1-0.1`,
    'of a process whose ID is used again': `seccomp-${namespace}-${process.ppid}-0-0.0`,
    'of a running process': `seccomp-${namespace}-${process.ppid}-${startOf(String(process.ppid))}-0.0`,
    'of another namespace': 'seccomp-1-4194305-1-0.0',
    'of another name': `seccomp-${namespace}-4194305-1-0.x`,
  };
  for (const name of [own, ...Object.values(others)]) hierarchy.add(`/place/${name}`);
  hierarchy.add(`/place/${others['with a process']}`, [7]);
  const { path } = make();
  const kept = [own, others['with a process'], others['of a running process'], others['of another namespace']];
  expect(leaves()).toEqual([...kept, others['of another name'], path.slice('/place/'.length)].sort());

  hierarchy.add(`/place/${others.ended}`);
  make();
  expect(leaves()).toContain(others.ended);
});
