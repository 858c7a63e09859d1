/** Programs that pass limits which are sampled, openly or in a way that might hide it. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileC } from '../../support/compile-c.js';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, obstacle } from '../tree/attackers.js';

interface Used {
  readonly ended: object;
  readonly stdout: string;
  readonly message?: string;
  /** How many children the starting process had afterwards, zombies included. */
  readonly children: number;
}

type Case = readonly [title: string, way: readonly [string, number], limits: Readonly<Record<string, unknown>>];

const MEMORY = { memory: '16M' };
const PROCESSES = { processes: 20 };
const CPU = { cpu: 0.01 }; // A tenth of a second of CPU time, in 10 s.

const PASSED: readonly Case[] = [
  ['memory', ['fill', 32], MEMORY],
  ['memory of two processes', ['two', 32], MEMORY],
  ['memory of a process that is not dumpable', ['undumpable', 32], MEMORY],
  ['memory of a process whose first thread has ended', ['headless', 32], MEMORY],
  ['memory of an orphan in a session of its own', ['daemonize', 32], MEMORY],
  ['memory of a process in a PID namespace', ['nested', 32], MEMORY],
  ['memory of a process whose name has parentheses', ['named', 32], { ...MEMORY, processes: 1000 }],
  ['processes', ['children', 40], PROCESSES],
  ['threads', ['threads', 40], PROCESSES],
  ['a fork bomb', ['bomb', 2000], PROCESSES],
  ['CPU time', ['spin', 1_000_000], CPU],
  ['CPU time of processes that live for a moment', ['waited', 1_000_000], CPU],
];

/** What `open` names. */
const OPEN: readonly Case[] = [['memory that no process maps', ['unmapped', 32], MEMORY]];

const enforced = (limits: object) => ({
  by: 'guardian',
  sampledEvery: 100,
  enforced: Object.keys(limits),
  open: [
    ...(Object.hasOwn(limits, 'memory') ? ['uncounted-memory'] : []),
    ...(Object.hasOwn(limits, 'cpu') ? ['unawaited-cpu'] : []),
  ],
});

const directory = mkdtempSync(join(tmpdir(), 'seccomp-uses-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
chmodSync(directory, 0o755);

/** A way that needs a user namespace, which may be denied to this user. */
const isRare = (way: string) => way === 'nested';

describeUnless(obstacle(), 'limits that are sampled', () => {
  const uses = join(directory, 'uses');

  describe.each(ATTACKERS)('of $who', (attacker) => {
    let passed: readonly Used[] = [];
    beforeAll(() => {
      copyFileSync(compileC('../adversary/limits/uses.c', ['-static', '-pthread']), uses);
      chmodSync(uses, 0o755);
      const cases = [...PASSED, ...OPEN].map(([, way, limits]) => ({ way, limits }));
      passed = attack('../limits/uses.mjs', attacker, { uses, cases }) ?? [];
    });

    test.each([...PASSED.entries()])('%i end a program: %o', (i, [, [way], limits]) => {
      const [limit = ''] = Object.keys(limits);
      const { ended, stdout, message, children } = passed[i] ?? expect.fail('not all were run');
      if (isRare(way) && stdout.startsWith('cannot')) return expect(ended).toMatchObject({ limit: null, exitCode: 0 });
      expect(ended).toEqual({
        ...{ limit, signal: 'SIGKILL', exitCode: null, tree: { by: 'guardian' } },
        enforced: enforced(limits),
      });
      expect(message).toContain(`(options.limits.${limit})`);
      return expect(children).toBe(0);
    });

    test.each([...OPEN.entries()])('%i are not seen: %o', (i, [, , limits]) => {
      const { ended, stdout } = passed[PASSED.length + i] ?? expect.fail('not all were run');
      expect(stdout).toBe('ready\n');
      expect(ended).toMatchObject({ limit: null, exitCode: 0, enforced: enforced(limits) });
    });
  });
});
