/** The tree of a child: who signals it, when it has ended, and what its guardian's exit code means. */
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { guardianFailure, Tree } from '../../lib/process-tree/tree.js';

const { ESRCH } = constants.errno;

/** A tree whose guardian and process group note what they are called for. */
function treeOf(isGroup: boolean) {
  const log: string[] = [];
  const note = (name: string) => (value?: unknown) => {
    log.push(value === undefined ? name : `${name} ${value}`);
    return 0;
  };
  const handle = { signal: note('signal'), childEnded: note('childEnded'), ref: note('ref'), unref: note('unref') };
  const watch = { killGroup: note('killGroup') };
  return { tree: new Tree(handle as never, { isGroup, watch: watch as never }), log };
}

test.each([
  [false, ['signal 9', 'childEnded', 'ref', 'unref']],
  [true, ['killGroup 9', 'childEnded', 'ref', 'unref']],
])('a tree that is a process group (%o) has these calls: %o', (isGroup, calls) => {
  const { tree, log } = treeOf(isGroup);
  expect(tree.signal(9)).toBe(0);
  tree.childEnded();
  tree.ref();
  tree.unref();
  expect(log).toEqual(calls);
});

test('when its guardian has ended, nothing is signaled, unless it is a process group', () => {
  const [guarded, group] = [treeOf(false), treeOf(true)];
  expect([guarded.tree.isGuarded, guarded.tree.limit]).toEqual([true, null]);
  for (const { tree } of [guarded, group]) tree.guardianEnded(32, 5);
  expect([guarded.tree.isGuarded, guarded.tree.limit]).toEqual([false, 'processes']);
  expect([guarded.tree.signal(9), group.tree.signal(9)]).toEqual([ESRCH, 0]);
  guarded.tree.childEnded();
  guarded.tree.ref();
  guarded.tree.unref();
  expect([guarded.log, group.log]).toEqual([[], ['killGroup 9']]);
});

describe('a guardian that ended with', () => {
  const MAY_REMAIN = 'processes that child 5 has started may remain: ';
  const OTHER = `${MAY_REMAIN}their guardian was ended by another process, and only the child was killed`;
  const REMAIN = `${MAY_REMAIN}they were killed, and wait in the kernel since 10 seconds, for a device or a file system that does not answer; if one of them served it by FUSE, root must abort it in /sys/fs/fuse/connections`;
  const UNWEIGHED =
    'child 5 and all that it has started were ended, since their guardian could not read in /proc what they use (options.limits)';

  test.each([
    [0, undefined, undefined],
    [16, undefined, undefined],
    [48, undefined, undefined],
    [64, undefined, UNWEIGHED],
    [1, OTHER, OTHER],
    [2, REMAIN, REMAIN],
    [16 + 2, REMAIN, REMAIN],
    [64 + 2, REMAIN, UNWEIGHED],
    [3, `${MAY_REMAIN}they were killed, but /proc of this process’s PID namespace can’t be read to confirm it`],
    [4, OTHER, OTHER],
    [
      5,
      'child 5 and all that it has started were ended, since their guardian could not attach its own filter: an attached filter denies seccomp(2)',
    ],
    [null, OTHER, OTHER],
    [-1, OTHER, OTHER],
  ])('%o leaves a tree that has ended, or rejects with: %s', async (status, rejects, failure = rejects) => {
    const { tree } = treeOf(false);
    expect(tree.guardianEnded(status, 5)?.message).toBe(failure);
    const ended = tree.ended.then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(await ended).toBe(rejects);
  });

  test('a failure, without a process ID, is told of ‘the child’', () => {
    expect(guardianFailure(64, undefined)?.message).toMatch(/^the child and all that it has started/);
    expect(guardianFailure(2, undefined)?.message).toMatch(/^processes that the child has started may remain/);
  });
});
