/**
 * Programs that try to get at files that they were not granted. The parent is an ordinary user, or root, or root that
 * starts them as another user. test/arch/paths.test.ts does the same on other kernels.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { compileC } from '../../support/compile-c.js';
import { describeUnless } from '../../support/describe-unless.js';
import {
  type Attacker,
  type Attempted,
  expectControl,
  expectHeld,
  expectOpen,
  ORDINARY,
  OTHER_USER,
  ROOT,
  runsUnder,
} from './attempts.js';

const own = process.getuid?.() ?? 0;
const ATTACKERS = own === 0 ? [ORDINARY, OTHER_USER, ROOT] : [{ ...ORDINARY, user: undefined, owner: own }];
const PROFILES = ['unconfined', 'docker-default'];

function attemptsOf(attacker: Attacker): readonly Attempted[] {
  const home = new URL('../../../dist/index.js', import.meta.url).href;
  const { user, owner } = attacker;
  const runs = PROFILES.flatMap((profile) => runsUnder(profile, attacker));
  const input = JSON.stringify({ home, program: compileC('../adversary/paths/paths.c'), user, owner, runs });
  const script = fileURLToPath(new URL('attack.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script], { input, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

function obstacle(): string | undefined {
  try {
    compileC('../adversary/paths/paths.c');
    return pathsSupport().reason ?? undefined;
  } catch (error) {
    return `no C compiler: ${String(error).slice(0, 80)}`;
  }
}

describeUnless(obstacle(), 'the files that are not granted', () => {
  describe.each(ATTACKERS)('to $who', (attacker) => {
    let results: readonly Attempted[] = [];
    beforeAll(() => {
      results = attemptsOf(attacker);
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

    test.each([...PROFILES.entries()])('have metadata that stay open, and memory can be executed: %i, %s', (i) => {
      const [without, restricted] = pairOf(i);
      expectOpen(restricted, without);
    });
  });
});
