/**
 * Kernels whose Landlock is older than this one's, by emulation: emulated-abi.c hides from a Node, and from all that it
 * starts, what the older version does not have. The kernel beneath knows more, so this shows what the package does with
 * an older version, not how an older kernel decides. test/arch/paths.test.ts boots real kernels of ABI 2, 6 and 10.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { ALL_RIGHTS, RIGHTS, type Right, rightsIn } from '../../lib/landlock/paths/rights.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { once } from '../../lib/util/memo.js';
import {
  type Attacker,
  type Attempted,
  attack,
  attackersHere,
  expectBeside,
  expectControl,
  expectEnforced,
  expectHeld,
  expectOpen,
  ORDINARY,
} from '../adversary/paths/attempts.js';
import { main } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';

const ADDON = fileURLToPath(new URL('../../build/Release/seccomp.node', import.meta.url));

/** An ordinary user, and root that starts children as one. Their kernel is the same. */
const [FIRST = ORDINARY, OTHER = FIRST] = attackersHere().filter(({ owner }) => owner !== 0);

/**
 * ABI 1 and 3 are of kernels that no distribution has any more. ABI 4 adds TCP ports only, ABI 5 devices. Users and profiles
 * take turns, as test/adversary/paths has each user under each profile.
 */
const EMULATED: readonly (readonly [abi: number, attacker: Attacker, profile: string])[] = [
  [1, FIRST, 'docker-default'],
  [3, OTHER, 'docker-default'],
  [5, FIRST, 'unconfined'],
];

/** The command that starts another one with this ABI. */
const launcherOf = (abi: number): readonly string[] => [compileC('../landlock/emulated-abi.c'), String(abi)];

/** A check of `seccomp doctor`. */
interface Check {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}

/** The checks of `seccomp doctor` with this ABI, by name. */
function doctorOn(abi: number): ReadonlyMap<string, Check> {
  const [command = '', ...args] = [...launcherOf(abi), process.execPath, main, 'doctor', '--json'];
  const { checks } = JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as { checks: readonly Check[] };
  return new Map(checks.map((check) => [check.name, check]));
}

/** The reason why no version can be emulated; undefined if some can. */
const obstacle = once((): string | undefined => {
  try {
    const script = `require(${JSON.stringify(ADDON)}).landlockSupport(1)`;
    const [command = '', ...args] = [...launcherOf(1), process.execPath, '-e', script];
    execFileSync(command, args, { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `it can't be emulated here: ${String(error).slice(0, 200)}`;
  }
});

/** The reason why a version can't be emulated; undefined if it can. */
function obstacleTo(abi: number): string | undefined {
  const { abi: newest, reason } = pathsSupport();
  if (newest === null) return String(reason);
  return newest < abi ? `this kernel has only ABI ${newest} of Landlock` : obstacle();
}

describe.each(EMULATED)('under an emulated Landlock ABI %i', (abi, attacker, profile) => {
  describeUnless(obstacleTo(abi), 'children', () => {
    test('find the version, and no flags of later ones', () => {
      const { abi: native } = thisHost();
      const calls = [
        callTo(native, 'landlock_create_ruleset', 0, 0, 1), // LANDLOCK_CREATE_RULESET_VERSION
        callTo(native, 'landlock_create_ruleset', 0, 0, 2), // LANDLOCK_CREATE_RULESET_ERRATA, ABI 7
        callTo(native, 'landlock_restrict_self', -1, 1), // LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF, ABI 7
        callTo(native, 'landlock_restrict_self', -1, 0),
      ];
      const [command = '', ...args] = [...launcherOf(abi), compileC('probe.c'), ...calls.map(toArgument)];
      const lines = execFileSync(command, args, { encoding: 'utf8' }).trim().split('\n');
      expect(lines.map(toAnswer)).toEqual([`ok ${abi}`, 'errno EINVAL', 'errno EINVAL', 'errno EBADF']);
    });

    describe(`of ${attacker.who}`, () => {
      let results: readonly Attempted[] = [];
      beforeAll(() => {
        results = attack(attacker, launcherOf(abi), [profile]);
      });

      test('have what enforcement says, and nothing else', () => {
        const [without, restricted] = results;
        if (without === undefined || restricted === undefined) throw new Error('not all were run');
        expectControl(without, attacker);
        expectHeld(restricted, without);
        expectOpen(restricted, without);
        expectBeside(restricted, without);
        expectEnforced(restricted.enforcement.paths, abi);
      });
    });

    test('seccomp doctor says the same', () => {
      const checks = doctorOn(abi);
      const { state, detail = '' } = checks.get('paths') ?? {};
      const isLater = (right: Right) => RIGHTS[right].abi > abi;
      expect([...detail.matchAll(/; without (\w+),/g)].map(([, right]) => right)).toEqual(
        rightsIn(ALL_RIGHTS).filter(isLater),
      );
      expect([state, detail]).toEqual([abi < 5 ? 'limit' : 'ok', expect.stringContaining(`(Landlock, ABI ${abi})`)]);
      const denied = [
        ['moving and linking files between directories is denied', 2],
        ['the filter denies truncate(2)', 3],
        ['ioctl(2) is open on devices that may be read, and the filter denies openat2(2)', 5],
        ['the filter denies Unix sockets, except for pairs of stream sockets, and io_uring', 9],
      ] as const;
      expect(denied.filter(([text]) => detail.includes(text))).toEqual(denied.filter(([, since]) => abi < since));
      expect(checks.get('isolation')?.detail).toMatch(
        abi < 2 ? /: the Landlock version of Linux \S+ is too old: / : /^children can't reach memory and descriptors/,
      );
    });
  });
});
