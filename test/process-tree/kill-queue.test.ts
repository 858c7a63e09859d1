/** Few trees are killed at the same time. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { killInTurn, leaveQueue, MOST, PATIENCE } from '../../lib/process-tree/kill-queue.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { fakeTimeouts } from '../support/fake-timers.js';

let trees: readonly object[];
let log: string[];

beforeEach(() => {
  fakeTimeouts();
  log = [];
  trees = Array.from({ length: MOST + 3 }, () => ({}));
});

afterEach(() => {
  for (const tree of trees) leaveQueue(tree);
});

const note = (what: string) => () => {
  log.push(what);
};
function killAll(): void {
  for (const [i, tree] of trees.entries()) killInTurn(tree, note(`kill ${i}`), note(`hold ${i}`));
}

function named(count: number, what: string, from: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${what} ${from + i}`);
}

describe('killInTurn', () => {
  test('kills eight at the same time, each of which makes room after 20 ms', () => {
    expect([MOST, PATIENCE]).toEqual([8, 20]);
  });

  test('the first are killed at once, and the others stopped', () => {
    killAll();
    expect(log).toEqual([...named(MOST, 'kill', 0), ...named(3, 'hold', MOST)]);
  });

  test('those that were stopped are killed in their order, as others end', () => {
    killAll();
    log = [];
    for (const tree of trees) leaveQueue(tree);
    expect(log).toEqual(named(3, 'kill', MOST));
  });

  test('a tree that does not end holds up no other', () => {
    killAll();
    log = [];
    vi.advanceTimersByTime(PATIENCE - 1);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(named(3, 'kill', MOST));
  });

  test('a tree that has ended frees one place, once, and a tree that is not there none', () => {
    killAll();
    log = [];
    leaveQueue({});
    expect(log).toEqual([]);
    leaveQueue(trees[0] ?? {});
    leaveQueue(trees[0] ?? {});
    vi.advanceTimersByTime(PATIENCE - 1);
    expect(log).toEqual(named(1, 'kill', MOST));
  });

  test('a tree that left and is killed anew has a place for as long as the first time', () => {
    const [tree = {}, ...others] = trees;
    killInTurn(tree, note('first'), note('hold'));
    vi.advanceTimersByTime(PATIENCE - 1);
    leaveQueue(tree);
    for (const [i, each] of [tree, ...others].slice(0, MOST + 1).entries())
      killInTurn(each, note(`kill ${i}`), note(`hold ${i}`));
    log = [];
    vi.advanceTimersByTime(PATIENCE - 1);
    expect(log).toEqual([]);
  });

  test('a tree that ends while it waits takes no place', () => {
    killAll();
    log = [];
    leaveQueue(trees[MOST] ?? {});
    leaveQueue(trees[0] ?? {});
    expect(log).toEqual([`kill ${MOST + 1}`]);
  });

  test('a tree that is killed again is killed at once, or waits once', () => {
    killAll();
    log = [];
    killInTurn(trees[0] ?? {}, note('again'), note('hold'));
    killInTurn(trees[MOST] ?? {}, note('again'), note('hold'));
    expect(log).toEqual(['again']);
  });
});

test('all of many trees that ignore SIGTERM end', { timeout: 30_000 }, async ({ skip }) => {
  skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
  vi.useRealTimers();
  const script = "trap '' TERM; sleep 60 & echo ready; sleep 60";
  const children = Array.from({ length: 2 * MOST }, () =>
    spawn('sh', ['-c', script], 'docker-default', { descendants: 'kill', forceKillAfter: 10 }),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
  expect(children.map((child) => child.killTree())).toEqual(children.map(() => true));
  await Promise.all(children.map(({ treeEnded }) => treeEnded));
  expect(children.map(({ signalCode }) => signalCode)).toEqual(children.map(() => 'SIGKILL'));
});
