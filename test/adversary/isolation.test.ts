/**
 * Programs that try to reach their parent and its other children. The parent is an ordinary user, or root, or root that
 * starts them as another user. test/arch/isolation.test.ts does the same on other kernels.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { once } from '../../lib/util/memo.js';
import { compileC } from '../support/compile-c.js';
import { attacksOn, canSetKernel, expectAsEnforced, type Reached, type Taken } from './reach.js';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), 'seccomp-reach-'));
chmodSync(directory, 0o755);
afterAll(() => rmSync(directory, { recursive: true }));
const reach = join(directory, 'reach');

let obstacle: string | undefined;
beforeAll(() => {
  try {
    copyFileSync(compileC('../adversary/reach.c', ['-static']), reach);
    chmodSync(reach, 0o755);
  } catch (error) {
    obstacle = `no C compiler: ${String(error).slice(0, 80)}`;
  }
  if (isolationSupport().by !== 'scopes') obstacle ??= String(isolationSupport().reason);
});

type Options = Readonly<Record<string, unknown>>;

/** Starts one program with each of `runs`, by a process of `user`, and returns what each of them reached. */
function tryFrom<Result>(user: number | undefined, runs: readonly Options[]): readonly Result[] {
  const home = new URL('../../dist/index.js', import.meta.url).href;
  const script = fileURLToPath(new URL('reach.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script], {
    input: JSON.stringify({ home, reach, user, runs }),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

interface Case {
  readonly who: string;
  readonly user: number | undefined;
  readonly options: Options;
  /** The ways that must succeed without isolation: otherwise their failure with isolation shows nothing. */
  readonly attacks: readonly string[];
}

const OF_THE_SAME_USER = [
  'memory',
  'environ',
  'fd',
  'pidfd_getfd',
  'ptrace',
  'kill',
  'prlimit',
  'TIOCSTI',
  'TIOCSPGRP',
  'oom_score_adj',
];
const CASES: readonly Case[] = [
  { who: 'an ordinary user', user: isRoot ? NOBODY : undefined, options: {}, attacks: OF_THE_SAME_USER },
  ...(isRoot
    ? [
        {
          who: 'root',
          user: undefined,
          options: {},
          attacks: [...OF_THE_SAME_USER, ...(canSetKernel() ? ['core_pattern'] : [])],
        },
        {
          who: 'root that gives another uid',
          user: undefined,
          options: { uid: NOBODY, gid: NOBODY, cwd: '/' },
          attacks: ['abstract socket', 'TIOCSTI', 'TIOCLINUX', 'TIOCSPGRP'],
        },
      ]
    : []),
];

/** What children are given beside isolation, and whether the attacks must succeed without it. */
const GIVEN: readonly (readonly [string, Options, (attacks: readonly string[]) => readonly string[]])[] = [
  ['by default', {}, (attacks) => attacks],
  ['with abstractSockets', { isolate: { abstractSockets: true } }, (attacks) => attacks],
  // Supervision denies pidfd_getfd anyway.
  ['supervised', { onViolation: true }, (attacks) => attacks.filter((way) => way !== 'pidfd_getfd')],
  ['without capabilities', { capabilities: [] }, () => []], // Such a child can't reach processes that have some.
];

describe.each(CASES)(
  'a child of $who reaches what enforcement lists as open, and nothing else:',
  ({ user, options, attacks }) => {
    const results = once(() =>
      tryFrom<Reached & Taken>(user, [
        ...GIVEN.flatMap(([, more]) => [
          { ...options, ...more, isolate: false },
          { ...options, ...more },
        ]),
        { ...options, onViolation: true, listener: 1000 },
      ]),
    );

    test.for(GIVEN.map(([name, , possible], i) => [name, i, possible] as const))('%s', ([, i, possible], { skip }) => {
      skip(obstacle !== undefined, obstacle);
      const [without, isolated] = results().slice(2 * i);
      if (without === undefined || isolated === undefined) throw new Error('nothing was run');
      expect(attacksOn(without.parent)).toEqual(expect.arrayContaining([...possible(attacks)]));
      expectAsEnforced(isolated, without);
    });

    test('takes no listener in 1,000 attempts by each method', ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      expect(results().at(-1)?.taken).toBe(0);
    });
  },
);
