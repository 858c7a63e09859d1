/** Isolation on real kernels: with Landlock's scopes, with Landlock before them, and without Landlock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { IsolationEnforcement } from '../../lib/landlock/enforcement.js';
import { attacksOn, expectAsEnforced, type Reached, type Taken } from '../adversary/reach.js';
import { crossCompile, kernelOf, PATIENCE_MS, runJobs } from './guest.js';
import { obstacleToPackage, packageFor, SUBJECTS, type Subject } from './subjects.js';

const NOBODY = 65_534;

/** The Landlock ABI by kernel version: LANDLOCK_ABI of include/uapi/linux/landlock.h. */
function expectedOf({ machine }: Subject): IsolationEnforcement['by'] {
  const [major = 0, minor = 0] = kernelOf(machine).release.split('.').map(Number);
  const isSince = (since: readonly [number, number]) => major > since[0] || (major === since[0] && minor >= since[1]);
  return isSince([6, 12]) ? 'scopes' : isSince([5, 19]) ? 'domain' : undefined;
}

const RUNS = [{ isolate: false }, {}, { onViolation: true }];
const USERS = [
  { who: 'an ordinary user', user: NOBODY, options: {} },
  { who: 'root that gives another uid', user: undefined, options: { uid: NOBODY, gid: NOBODY, cwd: '/' } },
];
/** The ways to reach other processes of an ordinary user; those that Landlock does not affect are last. */
const ATTACKS = ['memory', 'environ', 'fd', 'pidfd_getfd', 'ptrace', 'kill', 'abstract socket', 'prlimit', 'TIOCSTI'];

describe.each(SUBJECTS)('on $machine.name', (subject) => {
  const obstacle = obstacleToPackage(subject);
  if (obstacle !== undefined) {
    test('is tested', ({ skip }) => skip(obstacle));
    return;
  }
  describe.each([
    ['', expectedOf(subject)],
    // Order and names of security modules, without Landlock. Source: Documentation/admin-guide/kernel-parameters.txt.
    ['lsm=capability', undefined],
  ] as const)(`Linux ${kernelOf(subject.machine).release} %s`, (parameters, by) => testOn(subject, parameters, by));
});

function testOn(subject: Subject, parameters: string, by: IsolationEnforcement['by']): void {
  let results: readonly (readonly (Reached & Taken)[])[] = [];
  beforeAll(async () => {
    results = await reachIn(subject, parameters);
  }, PATIENCE_MS);

  test('without isolation, a child of the first user carries out every attack', () => {
    const without = results[0]?.[0] ?? expect.fail('not all were run');
    expect(attacksOn(without.parent)).toEqual(expect.arrayContaining(ATTACKS));
  });

  test.each(USERS.map(({ who }, i) => [who, i] as const))(
    'a child of %s reaches what enforcement lists as open only',
    (_, i) => {
      const [without, isolated, supervised] = results[i] ?? [];
      if (!without || !isolated || !supervised) throw new Error('not all were run');
      expect(isolated.enforcement.isolation.by).toBe(by);
      expectAsEnforced(isolated, without);
      expectAsEnforced(supervised, {
        ...without,
        parent: { ...without.parent, pidfd_getfd: 1 },
        sibling: { ...without.sibling, pidfd_getfd: 1 },
      });
    },
  );

  test('a supervised child cannot take its listener', ({ skip }) => {
    skip(by === undefined, 'this kernel has no Landlock');
    expect(results[0]?.at(-1)?.taken).toBe(0);
  });
}

async function reachIn(subject: Subject, parameters: string): Promise<readonly (readonly (Reached & Taken)[])[]> {
  const { machine } = subject;
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-isolation-'));
  try {
    const source = fileURLToPath(new URL('../adversary/reach.c', import.meta.url));
    crossCompile(machine, machine.abis[0], source, join(directory, 'reach'));
    const files = new Map([
      ['bin/reach', join(directory, 'reach')],
      ['bin/reach.mjs', fileURLToPath(new URL('../adversary/reach.mjs', import.meta.url))],
      ...packageFor(subject),
    ]);
    const jobs = USERS.map(({ user, options }) => {
      const runs = [...RUNS, { onViolation: true, listener: 200 }].map((run) => ({ ...options, ...run }));
      const input = JSON.stringify({ home: '/seccomp/dist/index.js', reach: '/bin/reach', user, runs });
      return { program: 'reach.mjs', input };
    });
    const outputs = await runJobs(machine, files, jobs, parameters);
    return outputs.map((output) => JSON.parse(String(output)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
