/**
 * Programs that try to get at files that they were not granted. The parent is an ordinary user, or root, or root that
 * starts them as another user. test/arch/paths.test.ts does the same on other kernels.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { describeUnless } from '../../support/describe-unless.js';
import {
  type Attempted,
  attack,
  attackersHere,
  attackProgram,
  expectBeside,
  expectControl,
  expectHeld,
  expectOpen,
  PROFILES,
} from './attempts.js';

function obstacle(): string | undefined {
  try {
    attackProgram();
    return pathsSupport().reason ?? undefined;
  } catch (error) {
    return `no C compiler: ${String(error).slice(0, 80)}`;
  }
}

describeUnless(obstacle(), 'the files that are not granted', () => {
  describe.each(attackersHere())('to $who', (attacker) => {
    let results: readonly Attempted[] = [];
    beforeAll(() => {
      results = attack(attacker);
    });
    const pairOf = (profile: number) => {
      const [without, restricted] = results.slice(2 * profile);
      return without && restricted ? ([without, restricted] as const) : expect.fail('not all were run');
    };

    test('are open to every attack without paths', () => {
      expectControl(pairOf(0)[0], attacker);
    });

    test.each([...PROFILES.entries()])('stay closed to every attack with paths: %i, %s', (i) => {
      const [without, restricted] = pairOf(i);
      expectHeld(restricted, without);
    });

    test.each([...PROFILES.entries()])('are all that is denied, but for what enforcement lists: %i, %s', (i) => {
      const [without, restricted] = pairOf(i);
      expectBeside(restricted, without);
    });

    test.each([...PROFILES.entries()])('have metadata that stay open, and memory can be executed: %i, %s', (i) => {
      const [without, restricted] = pairOf(i);
      expectOpen(restricted, without);
    });
  });
});
