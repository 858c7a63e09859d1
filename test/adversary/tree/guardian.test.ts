/** Programs that attack the guardian of their tree. */
import { describe, expect, test } from 'vitest';
import { describeUnless } from '../../support/describe-unless.js';
import { ATTACKERS, attack, obstacle, once } from './attackers.js';

/** The result of each way: 0 if it succeeded, else the errno. */
type Ways = Readonly<Record<string, number>>;

interface Attacked {
  /** Of a process outside, attacked by a child without isolation. */
  readonly control: Ways;
  /** Of the guardian, attacked by the first process of its tree. */
  readonly ways: Ways;
  /** The ways that succeeded while the guardian was being started. */
  readonly early: readonly string[];
  readonly held: boolean;
  readonly children: number;
}

/** Ways that a kernel, its settings (such as Yama and perf_event_paranoid) or a CPU may lack for this user. */
const RARE =
  /madvise|getfd|PTRACE|robust|kcmp|of its user|perf_event|CORE|autogroup|mem|process_vm|^(fd|maps|auxv|root|cwd|ns|exe)$/;

/** How many trees try each way while their guardian is started. test/slow/trees.test.ts has more. */
const STARTS = 1;

describeUnless(obstacle(), 'the guardian', () => {
  describe.each(ATTACKERS)('of $who', (attacker) => {
    const attacked = once(() => attack<Attacked>('guardian.mjs', attacker, { times: STARTS }));
    const successes = (ways: Ways | undefined) => Object.keys(ways ?? {}).filter((way) => ways?.[way] === 0);

    test('is attacked by ways that reach other processes', () => {
      const control = attacked()?.control;
      const failures = Object.entries(control ?? {}).filter(([way, errno]) => errno !== 0 && !RARE.test(way));
      expect(failures).toEqual([]);
      expect(successes(control).length).toBeGreaterThan(20);
    });

    test('is neither stopped nor ended by any signal', () => {
      expect(successes(attacked()?.ways).filter((way) => /, SIG/.test(way))).toEqual([]);
    });

    test('keeps its memory, descriptors, limits, settings and share of CPU time', () => {
      expect(successes(attacked()?.ways)).toEqual([]);
    });

    test('keeps all of that while it is started', () => {
      expect(attacked()?.early).toEqual([]);
    });

    test('ends its tree after all of that', () => {
      expect(attacked()).toMatchObject({ held: false, children: 0 });
    });
  });
});
