/** Which limit a child is said to have reached, and when its tree is signaled, for processes in place of the kernel's. */
import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { addon, type ChildWatch, type TreeHandle } from '../../../lib/native.js';
import { MOST } from '../../../lib/process-tree/kill-queue.js';
import type { Leaf, LeafEvents } from '../../../lib/process-tree/leaf.js';
import type { LimitReason } from '../../../lib/process-tree/limit-reason.js';
import { programEnd } from '../../../lib/process-tree/program-end.js';
import { UNKNOWN_USAGE } from '../../../lib/process-tree/usage.js';
import { Termination } from '../../../lib/sandbox/child/process/termination.js';
import { type Ending, endingOf } from '../../../lib/sandbox/options/ending.js';
import { fakeTimeouts } from '../../support/fake-timers.js';

const { ESRCH } = constants.errno;
const { SIGKILL, SIGSTOP, SIGTERM, SIGUSR1, SIGXCPU, SIGXFSZ } = constants.signals;

beforeEach(fakeTimeouts);

interface Given {
  readonly ending?: Partial<Ending>;
  readonly isGuarded?: boolean;
  readonly isGroup?: boolean;
  readonly isWeighed?: boolean;
  readonly events?: LeafEvents;
  /** What signaling the tree returns. */
  readonly treeResult?: number;
  /** What signaling the child returns. */
  readonly childResult?: number;
}

/** A child that runs, and what it and its tree were sent. */
function running({ ending = {}, isGuarded = false, isGroup = false, isWeighed = false, ...given }: Given = {}) {
  const sent: string[] = [];
  const watch: ChildWatch = {
    kill: (signal) => {
      sent.push(`child ${signal}`);
      return given.childResult ?? 0;
    },
    killGroup: (signal) => {
      sent.push(`group ${signal}`);
      return given.treeResult ?? 0;
    },
    ref() {},
    unref() {},
    end() {},
  };
  const handle: TreeHandle = {
    signal: (signal: number) => {
      sent.push(`tree ${signal}`);
      return given.treeResult ?? 0;
    },
    childEnded: () => void sent.push('childEnded'),
    ref() {},
    unref() {},
  };
  const child = { killed: false, kill: (signal: number) => termination.kill(signal) };
  const termination = new Termination(child, { ...endingOf({}), ...ending }, (error) => void sent.push(String(error)));
  termination.watch = watch;
  termination.isWeighed = isWeighed;
  if (isGuarded) void termination.guardedBy(handle, { isGroup, watch });
  const { events } = given;
  if (events !== undefined) termination.leaf = { events: () => events, cpuTime: () => 5, peakMemory: () => 9 } as Leaf;
  return { child, termination, sent };
}

/** Ends a child by a signal, or with a code, as SandboxedProcess does. */
function end(
  termination: Termination,
  { code = null, signal = null }: { code?: number | null; signal?: number | null },
) {
  const end = programEnd(code, signal);
  termination.exited(
    end,
    (then) => then(),
    () => termination.settle(end, UNKNOWN_USAGE),
  );
}

const OUT_OF_MEMORY: LeafEvents = { memoryKills: 1, processRefusals: 0 };
const NO_EVENTS: LeafEvents = { memoryKills: 0, processRefusals: 0 };

describe('the limit of a child that this process ends', () => {
  test.each<[string, LimitReason | null | undefined, Given, number, LimitReason | null]>([
    ['at its timeout', 'time', {}, SIGTERM, 'time'],
    ['for its output', 'output', {}, SIGKILL, 'output'],
    ['for an abort', null, {}, SIGTERM, null],
    ['for an abort, while the kernel has killed for memory', null, { events: OUT_OF_MEMORY }, SIGKILL, null],
    ['at its timeout, while the kernel has killed for memory', 'time', { events: OUT_OF_MEMORY }, SIGKILL, 'time'],
    ['at its timeout, when it has used its CPU time', 'time', {}, SIGXCPU, 'time'],
    ['for an abort, when it wrote too large a file', null, {}, SIGXFSZ, 'file-size'],
    ['not at all, when the kernel has killed for memory', undefined, { events: OUT_OF_MEMORY }, SIGKILL, 'memory'],
    ['not at all, without events', undefined, { events: NO_EVENTS }, SIGKILL, null],
  ])('%s is %s', (_, reason, given, signal, expected) => {
    const { termination } = running(given);
    if (reason !== undefined) termination.terminate(SIGTERM, reason);
    expect(termination.limit).toBe(null);
    end(termination, { signal });
    expect(termination.limit).toBe(expected);
  });

  test('is the first reason for which it is ended', () => {
    for (const [first, second] of [
      ['time', 'output'],
      ['output', 'time'],
      [null, 'time'],
    ] as const) {
      const { termination } = running();
      termination.terminate(SIGTERM, first);
      termination.terminate(SIGTERM, second);
      end(termination, { signal: SIGTERM });
      expect(termination.limit).toBe(first);
    }
  });

  test('is the time of the timer that startTimeout starts, and none if the child has ended, which may be reported later', () => {
    const { termination, sent } = running({ ending: { timeout: 1, killSignal: SIGUSR1 } });
    termination.startTimeout();
    vi.advanceTimersByTime(1);
    end(termination, { signal: SIGUSR1 });
    expect([termination.limit, sent]).toEqual(['time', [`child ${SIGUSR1}`]]);
    const other = running({ ending: { timeout: 1 } });
    other.termination.startTimeout();
    let report = () => {};
    const ended = programEnd(0, null);
    other.termination.exited(
      ended,
      (then) => {
        report = then;
      },
      () => other.termination.settle(ended, UNKNOWN_USAGE),
    );
    vi.runAllTimers();
    expect(other.termination.hasEnded).toBe(false);
    report();
    expect([other.termination.hasEnded, other.termination.limit, other.sent]).toEqual([true, null, []]);
  });
});

test('what a child in a cgroup has used is read from there, when it has ended', () => {
  const { termination } = running({ events: NO_EVENTS });
  expect(termination.usage).toBe(undefined);
  end(termination, { code: 0 });
  expect(termination.usage).toMatchObject({ cpuTime: 5, maxRss: null, peakMemory: 9 });
});

describe('the end of a child whose guardian weighs its tree', () => {
  const VERDICT_MEMORY = 1 << 4;

  test.each([
    ['by SIGKILL, after that of the guardian', { isGuarded: true, isWeighed: true }, SIGKILL, false],
    ['by another signal, at once', { isGuarded: true, isWeighed: true }, SIGTERM, true],
    ['at once, if the guardian does not weigh', { isGuarded: true }, SIGKILL, true],
    ['at once without a guardian', { isWeighed: true }, SIGKILL, true],
  ])('is reported %s', (_, given, signal, isReported) => {
    const { termination } = running(given);
    end(termination, { signal });
    expect(termination.hasEnded).toBe(isReported);
    termination.guardianEnded();
    expect(termination.hasEnded).toBe(true);
  });

  test('has the limit of the guardian’s verdict', () => {
    const { termination } = running({ isGuarded: true, isWeighed: true });
    end(termination, { signal: SIGKILL });
    termination.tree?.guardianEnded(VERDICT_MEMORY, 7);
    expect(termination.limit).toBe(null);
    termination.guardianEnded();
    expect(termination.limit).toBe('memory');
  });

  test('tells the guardian that the child has ended', () => {
    const { termination, sent } = running({ isGuarded: true });
    end(termination, { code: 0 });
    expect(sent).toEqual(['childEnded']);
  });
});

describe('a tree with a guardian', () => {
  test('is signaled in place of the child, which is sent SIGKILL as well', () => {
    const { child, termination, sent } = running({ isGuarded: true });
    expect([termination.send(SIGTERM), child.killed]).toEqual([true, true]);
    termination.send(SIGKILL);
    expect(sent).toEqual([`tree ${SIGTERM}`, `tree ${SIGKILL}`, `child ${SIGKILL}`]);
  });

  test('that is a process group is signaled as such', () => {
    const { termination, sent } = running({ isGuarded: true, isGroup: true });
    termination.send(SIGTERM);
    expect(sent).toEqual([`group ${SIGTERM}`]);
  });

  test('whose signal fails does not mark the child as killed', () => {
    const failing = running({ isGuarded: true, treeResult: ESRCH });
    expect([failing.termination.send(SIGTERM), failing.child.killed]).toEqual([true, false]);
    failing.termination.send(SIGKILL);
    expect(failing.child.killed).toBe(true); // The child was sent it.
    const gone = running({ isGuarded: true, treeResult: ESRCH, childResult: ESRCH });
    gone.termination.send(SIGKILL);
    expect(gone.child.killed).toBe(false);
  });

  test('is left when the guardian has ended: then the child is signaled', () => {
    const { termination, sent } = running({ isGuarded: true });
    termination.tree?.guardianEnded(0, 7);
    termination.send(SIGTERM);
    expect(sent).toEqual([`child ${SIGTERM}`]);
  });

  test.each([
    ['0, which sends nothing', 0, [], 0, true],
    ['SIGTERM, which SIGKILL may follow', SIGTERM, [`tree ${SIGTERM}`], 1, true],
    ['killSignal, which SIGKILL may follow', SIGUSR1, [`tree ${SIGUSR1}`], 1, true],
    ['SIGXCPU', SIGXCPU, [`tree ${SIGXCPU}`], 0, true],
    ['SIGKILL', SIGKILL, [`tree ${SIGKILL}`, `child ${SIGKILL}`], 0, true],
  ] as const)('gets from killTree %s', (_, signal, expected, timers, exists) => {
    const { child, termination, sent } = running({ isGuarded: true, ending: { killSignal: SIGUSR1 } });
    const { tree } = termination;
    expect(tree && termination.killTree(tree, signal)).toBe(exists);
    expect([sent, vi.getTimerCount(), child.killed]).toEqual([expected, timers, signal !== 0]);
  });

  test('gets SIGKILL forceKillAfter later, when it is its turn', () => {
    const { termination, sent } = running({ isGuarded: true, ending: { forceKillAfter: 30 } });
    termination.terminate();
    vi.advanceTimersByTime(29);
    expect(sent).toEqual([`tree ${SIGTERM}`]);
    vi.advanceTimersByTime(1);
    vi.runAllTimers();
    expect(sent).toEqual(expect.arrayContaining([`tree ${SIGKILL}`, `child ${SIGKILL}`]));
    expect(sent).not.toContain(`child ${SIGTERM}`);
    termination.tree?.guardianEnded(0, 7);
  });

  test('waits for its turn behind eight others, and is stopped meanwhile', () => {
    const all = Array.from({ length: MOST + 1 }, () => running({ isGuarded: true, ending: { forceKillAfter: 30 } }));
    for (const { termination } of all) termination.terminate();
    vi.advanceTimersByTime(30);
    expect(all.map(({ sent }) => sent[1])).toEqual([...Array(MOST).fill(`tree ${SIGKILL}`), `tree ${SIGSTOP}`]);
    all[0]?.termination.tree?.guardianEnded(0, 7);
    expect(all.at(-1)?.sent.slice(2)).toEqual([`tree ${SIGKILL}`, `child ${SIGKILL}`]);
    for (const { termination } of all.slice(1)) termination.tree?.guardianEnded(0, 7);
  });

  test('whose child has ended is left to the guardian by terminate', () => {
    const { termination, sent } = running({ isGuarded: true });
    end(termination, { code: 0 });
    sent.length = 0;
    expect(termination.terminate()).toBe(false);
    expect([sent, vi.getTimerCount()]).toEqual([[], 0]);
  });

  test('whose child has ended is signaled by killTree, which no SIGKILL follows', () => {
    const { child, termination, sent } = running({ isGuarded: true, childResult: ESRCH });
    end(termination, { code: 0 });
    const { tree } = termination;
    expect(tree && [termination.killTree(tree, SIGTERM), termination.killTree(tree, SIGKILL)]).toEqual([true, true]);
    expect([sent, vi.getTimerCount(), child.killed]).toEqual([
      ['childEnded', `tree ${SIGTERM}`, `tree ${SIGKILL}`],
      0,
      true,
    ]);
  });

  test('that was a process group is not signaled when its guardian has ended', () => {
    const { termination, sent } = running({ isGuarded: true, isGroup: true });
    const { tree } = termination;
    tree?.guardianEnded(0, 7);
    expect(tree && termination.killTree(tree, SIGTERM)).toBe(false);
    expect(sent).toEqual([]);
  });

  test('that is gone gets nothing from killTree, and starts no timer', () => {
    const { child, termination, sent } = running({ isGuarded: true, treeResult: ESRCH });
    const { tree } = termination;
    expect(tree && termination.killTree(tree, SIGTERM)).toBe(false);
    expect([vi.getTimerCount(), child.killed]).toEqual([0, false]);
    tree?.guardianEnded(0, 7);
    sent.length = 0;
    expect(tree && [termination.killTree(tree, 0), termination.killTree(tree, SIGTERM)]).toEqual([false, false]);
    expect(sent).toEqual([]);
  });
});

describe('the pipes of a child', () => {
  const withPipes = () => {
    const made = running();
    made.termination.pipes = [
      { descriptor: 5, stream: new PassThrough() },
      { descriptor: -1, stream: new PassThrough() }, // Of a child that Node has started.
      { descriptor: 6, stream: new PassThrough().destroy() },
    ];
    const endReading = vi.spyOn(addon(), 'endReading').mockReset().mockReturnValue(0);
    return { ...made, endReading };
  };

  test('are read to their end if it ends by itself', () => {
    const { termination, endReading } = withPipes();
    end(termination, { code: 0 });
    expect(endReading).not.toHaveBeenCalled();
  });

  test('are shut down when it has ended, if this process ended it', () => {
    const { termination, endReading } = withPipes();
    termination.terminate();
    expect(endReading).not.toHaveBeenCalled();
    end(termination, { signal: SIGTERM });
    expect(endReading.mock.calls).toEqual([[5]]);
  });

  test('are shut down if it is to be ended when it has ended already, and no signal is sent', () => {
    const { termination, sent, endReading } = withPipes();
    end(termination, { code: 0 });
    expect(termination.terminate()).toBe(false);
    expect([endReading.mock.calls, sent, vi.getTimerCount()]).toEqual([[[5]], [], 0]);
  });
});

test('a signal that can’t be sent without throwing is reported by terminate, and no timer is started', () => {
  const { termination, sent } = running({ childResult: constants.errno.EINVAL });
  expect(termination.terminate()).toBe(false);
  expect([sent, vi.getTimerCount()]).toEqual([[`child ${SIGTERM}`, 'Error: kill EINVAL'], 0]);
});
