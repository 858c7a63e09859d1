/** Trees on real kernels: with Landlock's scopes, where they are domains, and before them, where they are process groups. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TreeEnforcement } from '../../lib/landlock/enforcement.js';
import { type Files, PATIENCE_MS, USER } from './guest.js';
import { isolationOn, type Machine } from './machines.js';
import { describeMachines, PACKAGE, runScripts } from './scripts.js';

const PROGRAM = '/bin/tree';

/** What is left of a tree after `treeEnded`, by tree.mjs. */
interface Left {
  /** The errno by which the kernel denied the escape itself. */
  readonly cannot: string | null;
  /** Why `treeEnded` was rejected. */
  readonly rejected: string | null;
  /** Whether a process of the tree had not ended. */
  readonly held: boolean;
  /** The children of the starting process. */
  readonly left: number;
  readonly tree: TreeEnforcement;
}

interface Result {
  /** What `run` does without the option. */
  readonly byDefault: TreeEnforcement;
  readonly escapes: Readonly<Record<string, Left>>;
  /** With a guardian that was stopped. */
  readonly stopped: readonly Left[];
  readonly killed: Left | null;
  readonly timeout: unknown;
  /** The signal that ended the parent of trees. */
  readonly parent: string | null;
}

const ESCAPES = [
  ...['a session of its own', 'a process group of its own', 'forks without pause', 'two forks', 'a stopped process'],
  ...['ignored signals, before an execve', 'twenty forks, each to a session of its own', 'a subreaper'],
  ...['a child of the starting process', 'a process whose first thread has ended', 'a process that is not dumpable'],
  ...['a tracer that stops a process at its end', 'a user and a PID namespace'],
];

const USERS = [
  { who: 'an ordinary user', user: USER, options: {}, escapes: ESCAPES, hasParent: true },
  { who: 'root that gives another uid', options: { uid: USER, gid: USER, cwd: '/' }, escapes: ESCAPES.slice(0, 3) },
];

/** The scripts import each other as here. */
const FILES: Files = new Map(
  ['adversary/tree/trees.mjs', 'support/children.mjs', 'support/until.mjs'].map((path) => [
    `/srv/${path}`,
    fileURLToPath(new URL(`../${path}`, import.meta.url)),
  ]),
);

describeMachines('', testOn);

function testOn(machine: Machine): void {
  let results: readonly Result[] = [];
  beforeAll(async () => {
    results = await endTrees(machine);
  }, PATIENCE_MS);

  describe.each(USERS.map((user, i) => ({ ...user, i })))('of $who', ({ i, escapes, options, hasParent = false }) => {
    const isDomain = isolationOn(machine) === 'scopes';
    const isOtherUser = 'uid' in options;
    const caveat = isOtherUser ? {} : { reason: expect.stringContaining('if it stops or kills both') };
    const tree = isDomain ? { by: 'guardian' } : { by: 'process-group', ...caveat };
    const ended = { cannot: null, rejected: null, held: false, left: 0, tree };
    const result = () => results[i] ?? expect.fail('not all were run');

    test.each(escapes)('a tree ends whole, whatever leaves it: %s', (name) => {
      expect(result().escapes[name]).toEqual(ended);
    });

    test('it ends if its guardian was stopped or, in a process group, killed', () => {
      const rejected = expect.stringContaining('their guardian was ended by another process');
      expect(result().stopped).toEqual([ended, ended, ended]);
      expect(result().killed).toEqual(isDomain ? null : { ...ended, rejected });
    });

    test('it ends by a timeout of spawnSync, and with its parent', () => {
      expect(result().timeout).toEqual({ error: 'ETIMEDOUT', held: false });
      expect(result().parent).toBe(hasParent ? 'SIGKILL' : null);
    });

    test('by default, run denies no call for it', () => {
      expect(result().byDefault).toEqual(isDomain ? tree : { reason: expect.stringMatching(/denies .* setsid/) });
    });
  });
}

async function endTrees(machine: Machine): Promise<readonly Result[]> {
  const home = `${PACKAGE}/dist/index.js`;
  const programs = new Map([[PROGRAM, { source: new URL('../adversary/tree/tree.c', import.meta.url) }]]);
  const scripts = USERS.map(({ who: _, user, ...each }) => ({
    script: new URL('tree.mjs', import.meta.url),
    input: JSON.stringify({ home, program: PROGRAM, ...each }),
    ...(user === undefined ? {} : { user }),
  }));
  return await runScripts<Result>(machine, scripts, { programs, files: FILES });
}
