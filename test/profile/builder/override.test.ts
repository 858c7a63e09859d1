/** Clauses over rules: a later clause decides exactly the calls that it matches. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arg } from '../../../lib/profile/builder/argument.js';
import { Profile } from '../../../lib/profile/profile.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { extend } from '../../../lib/profile/source.js';
import type { AbiName } from '../../../lib/syscalls/abi.js';
import { constants } from '../../../lib/syscalls/constants.js';
import { answer, answerOf, refusal } from '../../support/answers.js';

describe('a later clause takes precedence over', () => {
  test('a denial of the profile that it extends', () => {
    expect(answer(extend('docker-default'), 'clone3')).toBe('errno 38');
    expect(answer(extend('docker-default').allow('clone3'), 'clone3')).toBe('allow');
  });

  test('a condition', () => {
    const profile = extend('docker-default').deny('bpf');
    expect(answer(profile, 'bpf', [], { capabilities: new Set(['CAP_BPF', 'CAP_SYS_ADMIN']) })).toBe('errno 1');
  });

  test('earlier ones only for the arguments that it tests', () => {
    const profile = extend('docker-default').deny('socket', arg(0).eq(constants.AF_INET), { errno: 'EACCES' });
    expect([1, 2, 3, 38, 39, 40, 41].map((family) => answer(profile, 'socket', [family]))).toEqual([
      'allow',
      'errno 13',
      'allow',
      'errno 1',
      'allow',
      'errno 1',
      'allow',
    ]);
  });

  test('earlier ones only on the hosts that it matches', () => {
    const profile = Profile.denylist().deny('mount').allow('mount').when({ capability: 'CAP_SYS_ADMIN' });
    expect(answer(profile, 'mount')).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: new Set(['CAP_SYS_ADMIN']) })).toBe('allow');
  });

  test('a part of the hosts of an earlier one, whose rule then has both conditions and no empty lists', () => {
    const earlier = Profile.denylist().deny('bpf').when({ capability: 'CAP_BPF' });
    const { syscalls } = earlier.allow('bpf').when({ minKernel: '6.0' }).document;
    expect(syscalls.map(({ includes, excludes }) => ({ includes, excludes }))).toContainEqual({
      includes: { caps: ['CAP_BPF'], arches: undefined, minKernel: undefined },
      excludes: { caps: undefined, arches: undefined, minKernel: '6.0' },
    });
  });

  test('an unconditional rule that allows the same syscall', () => {
    const profile = Profile.allowlist().allow('clone').deny('clone', arg(0).hasFlags('CLONE_NEWUSER'));
    expect(answer(profile, 'clone', [17])).toBe('allow');
    expect(answer(profile, 'clone', [17 | constants.CLONE_NEWUSER])).toBe('errno 1');
  });

  test('rules for either name of one syscall', () => {
    const profile = Profile.denylist().deny('arm_sync_file_range').allow('sync_file_range2');
    expect(answer(profile, 'arm_sync_file_range', [], { abi: 'arm' })).toBe('allow');
  });

  test('no rules of syscalls that it does not name', () => {
    const base = extend('docker-default');
    const { document } = base.allow('io_uring_setup');
    expect(document.syscalls.slice(0, -1)).toEqual(base.document.syscalls);
  });

  interface Said {
    readonly action: 'allow' | 'deny' | 'log';
    readonly names: readonly ('socket' | 'ioctl' | 'chmod')[];
    readonly tests: readonly { readonly index: number; readonly op: keyof typeof HOLDS; readonly value: number }[];
    readonly where: 'everywhere' | 'with CAP_BPF' | 'without CAP_BPF' | 'from 6.0' | 'on x86_64' | 'not on x86_64';
  }

  const HOLDS = {
    eq: (a: number, b: number) => a === b,
    ne: (a: number, b: number) => a !== b,
    lt: (a: number, b: number) => a < b,
    le: (a: number, b: number) => a <= b,
    gt: (a: number, b: number) => a > b,
    ge: (a: number, b: number) => a >= b,
    hasFlags: (a: number, b: number) => (a & b) === b,
    hasNoFlags: (a: number, b: number) => (a & b) === 0,
  };

  const said: fc.Arbitrary<Said> = fc.record({
    action: fc.constantFrom('allow', 'deny', 'log'),
    names: fc.uniqueArray(fc.constantFrom('socket', 'ioctl', 'chmod'), { minLength: 1 }),
    tests: fc.array(
      fc.record({
        index: fc.constantFrom(0, 1),
        op: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge', 'hasFlags', 'hasNoFlags'),
        value: fc.integer({ min: 1, max: 9 }),
      }),
      { maxLength: 2 },
    ),
    where: fc.constantFrom(
      'everywhere',
      'everywhere',
      'with CAP_BPF',
      'without CAP_BPF',
      'from 6.0',
      'on x86_64',
      'not on x86_64',
    ),
  });

  const hostOf = fc.record({
    abi: fc.constantFrom<AbiName>('x86_64', 's390x'),
    kernel: fc.constantFrom({ major: 5, minor: 9 }, { major: 6, minor: 1 }),
    capabilities: fc.constantFrom(new Set<string>(), new Set(['CAP_BPF'])),
  });

  function say(profile: Profile, { action, names, tests, where }: Said): Profile {
    // chmod reads only its mode, its second argument: a path is not a number.
    const about = tests.map(({ index, op, value }) => arg(names.includes('chmod') ? 1 : index)[op](value));
    const next = profile[action](...names, ...about);
    switch (where) {
      case 'everywhere':
        return next;
      case 'with CAP_BPF':
        return next.when({ capability: 'CAP_BPF' });
      case 'without CAP_BPF':
        return next.unless({ capability: 'CAP_BPF' });
      case 'from 6.0':
        return next.when({ minKernel: '6.0' });
      case 'on x86_64':
        return next.when({ arch: 'x86_64' });
      case 'not on x86_64':
        return next.unless({ arch: 'x86_64' });
    }
  }

  function isAbout(word: Said, host: Host, name: Said['names'][number], args: readonly number[]): boolean {
    const holds = {
      everywhere: true,
      'with CAP_BPF': host.capabilities.has('CAP_BPF'),
      'without CAP_BPF': !host.capabilities.has('CAP_BPF'),
      'from 6.0': host.kernel.major >= 6,
      'on x86_64': host.abi === 'x86_64',
      'not on x86_64': host.abi !== 'x86_64',
    };
    const passes = word.tests.every(({ index, op, value }) =>
      HOLDS[op](args[word.names.includes('chmod') ? 1 : index] ?? 0, value),
    );
    return holds[word.where] && word.names.includes(name) && passes;
  }

  const OUTCOMES = { allow: 'allow', deny: 'errno 1', log: 'log' } as const;

  const STARTS = {
    // Which calls are newer than a profile depends on the host, and a clause is about the calls on all hosts.
    allowlist: () => Profile.allowlist({ newerCalls: 'default' }),
    denylist: () => Profile.denylist(),
    'docker-default': () => extend('docker-default'),
  };

  /** Applies all clauses except those that cannot be written as rules. */
  function sayAll(
    base: Profile,
    words: readonly Said[],
  ): { readonly profile: Profile; readonly heard: readonly Said[] } {
    const heard: Said[] = [];
    let profile = base;
    for (const word of words) {
      if (refusal(() => (profile = say(profile, word))) === 'accepted') heard.push(word);
    }
    return { profile, heard };
  }

  const VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 38, 40];
  const PAIRS = VALUES.flatMap((first) => VALUES.map((second) => [first, second]));

  test('all others: the last clause that matches a call decides it', () => {
    const decided = { words: 0, base: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom('allowlist', 'denylist', 'docker-default'),
        fc.array(said, { minLength: 1, maxLength: 4 }),
        hostOf,
        (start, words, host) => {
          const base = STARTS[start]();
          const { profile, heard } = sayAll(base, words);
          decided.refused += words.length - heard.length;
          const [before, after] = [resolve(base, host), resolve(profile, host)];
          const calls = [...new Set(heard.flatMap(({ names }) => names))].flatMap((name) =>
            PAIRS.map((args) => ({ name, args })),
          );
          const wrong = calls.flatMap(({ name, args }) => {
            const last = heard.findLast((word) => isAbout(word, host, name, args));
            const expected = last ? OUTCOMES[last.action] : answerOf(before, host.abi, name, args);
            decided[last ? 'words' : 'base']++;
            const found = answerOf(after, host.abi, name, args);
            return found === expected ? [] : [`${name}(${args}): ${found}, not ${expected}`];
          });
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 36 },
    );
    expect(decided.words).toBeGreaterThan(2000);
    expect(decided.base).toBeGreaterThan(2000);
    expect(decided.refused).toBeLessThan(30);
  });
});
