/** The builder: what words mean, one after the other, and how they are written as rules. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action, Policy } from '../../lib/policy/policy.js';
import { type ArgumentTest, arg } from '../../lib/profile/argument.js';
import type { Subject } from '../../lib/profile/build.js';
import { extend } from '../../lib/profile/extend.js';
import { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { type ConstantName, constants } from '../../lib/syscalls/constants.js';
import { syscallNumber } from '../../lib/syscalls/table.js';

const machine: Host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set() };

function answerOf(policy: Policy, abi: AbiName, name: string, args: readonly (number | bigint)[]): string {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new Error(`${abi} has no ${name}`);
  const action: Action = evaluate(policy, { arch: abiOf(abi).audit, number, args: args.map(BigInt) });
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}

/** What a profile answers to a call on a host. */
function answer(
  profile: Profile,
  name: string,
  args: readonly (number | bigint)[] = [],
  host: Partial<Host> = {},
): string {
  const on = { ...machine, ...host };
  return answerOf(resolve(profile, on), on.abi, name, args);
}

const refusal = (build: () => unknown) => {
  try {
    build();
  } catch (error) {
    if (error instanceof SeccompError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('words', () => {
  test('an allowlist allows what it names, and nothing else', () => {
    const profile = Profile.allowlist().allow('read', 'exit_group');
    expect(['read', 'exit_group', 'mmap'].map((name) => answer(profile, name))).toEqual(['allow', 'allow', 'errno 1']);
  });

  test('calls newer than all that an allowlist names get ENOSYS, as from container runtimes, or what the rest gets', () => {
    expect(answer(Profile.allowlist().allow('read'), 'mmap')).toBe('errno 38');
    expect(answer(Profile.allowlist({ newerCalls: 'default' }).allow('read'), 'mmap')).toBe('errno 1');
  });

  test('what happens anyway is left out, unless it is all that is said', () => {
    const said = Profile.allowlist().deny('clone3').allow('clone').deny('clone', arg(0).hasFlags('CLONE_NEWUSER'));
    expect(said.document.syscalls.map(({ names, action }) => [...names, action])).toEqual([
      ['clone3', 'SCMP_ACT_ERRNO'],
      ['clone', 'SCMP_ACT_ALLOW'],
    ]);
  });

  test('a denylist denies what it names, with the errno that it names', () => {
    const profile = Profile.denylist().deny('ptrace').deny('@mount', { errno: 'ENOENT' });
    expect(['ptrace', 'umount2', 'read'].map((name) => answer(profile, name))).toEqual(['errno 1', 'errno 2', 'allow']);
  });

  test('log, kill, trap and notify do what they are called', () => {
    const profile = Profile.allowlist().log('read').kill('ptrace').trap('kill').notify('openat');
    expect(['read', 'ptrace', 'kill', 'openat'].map((name) => answer(profile, name))).toEqual([
      'log',
      'kill-process',
      'trap',
      'notify',
    ]);
  });

  test('each gives a new profile and leaves the one that it was said on', () => {
    const before = Profile.allowlist();
    before.allow('read');
    expect(before.document.syscalls).toEqual([]);
  });

  test('what an allowlist does with the rest can be chosen', () => {
    expect(answer(Profile.allowlist({ action: 'kill-process' }).allow('exit'), 'mmap')).toBe('kill-process');
    expect(answer(Profile.allowlist({ errno: 'EACCES' }).allow('exit'), 'mmap')).toBe('errno 13');
  });

  test('several tests must all be passed; several words are alternatives', () => {
    const profile = Profile.allowlist()
      .allow('socket', arg(0).eq('AF_UNIX'), arg(1).eq('SOCK_STREAM'))
      .allow('socket', arg(0).eq('AF_INET'));
    const calls = [
      [1, 1],
      [1, 2],
      [2, 2],
    ];
    expect(calls.map((args) => answer(profile, 'socket', args))).toEqual(['allow', 'errno 1', 'allow']);
  });

  test.each([
    ['eq', arg(0).eq(3), [3]],
    ['ne', arg(0).ne(3), [0, 1, 2, 4, 5, 6, 7]],
    ['lt', arg(0).lt(3), [0, 1, 2]],
    ['le', arg(0).le(3), [0, 1, 2, 3]],
    ['gt', arg(0).gt(3), [4, 5, 6, 7]],
    ['ge', arg(0).ge(3), [3, 4, 5, 6, 7]],
    ['masked', arg(0).masked(6, 2), [2, 3]],
    ['in', arg(0).in([1, 5, 7]), [1, 5, 7]],
    ['hasFlags', arg(0).hasFlags(1, 4), [5, 7]],
    ['hasNoFlags', arg(0).hasNoFlags(1, 4), [0, 2]],
  ])('%s', (_, passes, values) => {
    const profile = Profile.allowlist().allow('socket', passes);
    const passed = [0, 1, 2, 3, 4, 5, 6, 7].filter((value) => answer(profile, 'socket', [value]) === 'allow');
    expect(passed).toEqual(values);
  });

  test('one argument can be tested twice, though a rule of a profile compares it only once', () => {
    const profile = Profile.allowlist().allow('socket', arg(0).ge(3), arg(0).le(12), arg(0).ne(7));
    const passed = Array.from({ length: 20 }, (_, i) => i).filter((i) => answer(profile, 'socket', [i]) === 'allow');
    expect(passed).toEqual([3, 4, 5, 6, 8, 9, 10, 11, 12]);
  });

  test('when and unless narrow the word before them', () => {
    const profile = Profile.allowlist()
      .allow('mount')
      .when({ capability: 'CAP_SYS_ADMIN', minKernel: '5.8' })
      .unless({ arch: ['s390x', 's390'] })
      .allow('read', 'exit_group');
    const root = new Set(['CAP_SYS_ADMIN']);
    expect(answer(profile, 'mount', [], { capabilities: root })).toBe('allow');
    expect(answer(profile, 'mount')).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: root, kernel: { major: 5, minor: 7 } })).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: root, abi: 's390x' })).toBe('errno 1');
    expect(answer(profile, 'read')).toBe('allow');
  });

  test('a comment stands with its word', () => {
    const { document } = Profile.allowlist().allow('read').comment('It reads its input.').allow('write');
    expect(document.syscalls.map(({ comment }) => comment)).toEqual(['It reads its input.', undefined]);
  });

  test('abis replaces the ABIs beside the native one', () => {
    const names = (profile: Profile) => resolve(profile, machine).abis.map(({ abi }) => abi.name);
    expect(names(extend('docker-default').abis('x86'))).toEqual(['x86_64', 'x86']);
    expect(names(extend('docker-default').abis())).toEqual(['x86_64']);
  });
});

describe('a later word counts more', () => {
  test('than a refusal that it was built on', () => {
    expect(answer(extend('docker-default'), 'clone3')).toBe('errno 38');
    expect(answer(extend('docker-default').allow('clone3'), 'clone3')).toBe('allow');
  });

  test('than a condition', () => {
    const profile = extend('docker-default').deny('bpf');
    expect(answer(profile, 'bpf', [], { capabilities: new Set(['CAP_BPF', 'CAP_SYS_ADMIN']) })).toBe('errno 1');
  });

  test('only for the arguments that it is about', () => {
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

  test('only under the circumstances that it is about', () => {
    const profile = Profile.denylist().deny('mount').allow('mount').when({ capability: 'CAP_SYS_ADMIN' });
    expect(answer(profile, 'mount')).toBe('errno 1');
    expect(answer(profile, 'mount', [], { capabilities: new Set(['CAP_SYS_ADMIN']) })).toBe('allow');
  });

  test('than an allowance of the same syscall without arguments', () => {
    const profile = Profile.allowlist().allow('clone').deny('clone', arg(0).hasFlags('CLONE_NEWUSER'));
    expect(answer(profile, 'clone', [17])).toBe('allow');
    expect(answer(profile, 'clone', [17 | constants.CLONE_NEWUSER])).toBe('errno 1');
  });

  test('for both names of one call', () => {
    const profile = Profile.denylist().deny('arm_sync_file_range').allow('sync_file_range2');
    expect(answer(profile, 'arm_sync_file_range', [], { abi: 'arm' })).toBe('allow');
  });

  test('and what is not about a syscall leaves its rules as they were', () => {
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
    // chmod reads its mode only, and from its second argument: a path is no number.
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
    // Which calls are newer than a profile depends on the host; a word is about calls on all.
    allowlist: () => Profile.allowlist({ newerCalls: 'default' }),
    denylist: () => Profile.denylist(),
    'docker-default': () => extend('docker-default'),
  };

  /** Says all words but those that can't be stated. */
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

  test('always: the last word about a call decides it', () => {
    const decided = { words: 0, base: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom('allowlist', 'denylist', 'docker-default'),
        fc.array(said, { minLength: 1, maxLength: 5 }),
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
      { numRuns: 60 },
    );
    expect(decided.words).toBeGreaterThan(3000);
    expect(decided.base).toBeGreaterThan(3000);
    expect(decided.refused).toBeLessThan(60);
  });
});

describe('constants', () => {
  test('those with one value on every ABI are numbers', () => {
    expect(constants.AF_INET).toBe(2);
    expect(constants.CLONE_NEWUSER).toBe(0x1000_0000);
    expect(constants.PR_SET_NO_NEW_PRIVS).toBe(38);
  });

  test('others have the value of the machine', () => {
    const profile = Profile.denylist().deny('ioctl', arg(1).eq('TIOCSTI'));
    const values: readonly [AbiName, number][] = [
      ['x86_64', 0x5412],
      ['aarch64', 0x5412],
      ['mips64', 0x5472],
      ['sh', 0x4001_5412],
    ];
    for (const [abi, value] of values) {
      const answers = values.map(([, each]) => answer(profile, 'ioctl', [0, each], { abi }));
      expect(answers, abi).toEqual(values.map(([, each]) => (each === value ? 'errno 1' : 'allow')));
    }
  });

  test('so has an errno', () => {
    const profile = Profile.denylist().deny('clone3', { errno: 'ENOSYS' });
    const errnos = (['x86_64', 'riscv64', 'mipsel', 'parisc'] as const).map((abi) =>
      answer(profile, 'clone3', [], { abi }),
    );
    expect(errnos).toEqual(['errno 38', 'errno 38', 'errno 89', 'errno 251']);
  });

  test('where the machine has none of that name, the word says nothing', () => {
    const profile = Profile.denylist().deny('personality', arg(0).eq('ARCH_SET_FS'));
    expect(answer(profile, 'personality', [0x1002])).toBe('errno 1');
    expect(answer(profile, 'personality', [0x1002], { abi: 'aarch64' })).toBe('allow');
  });

  test('flags of several names are taken together', () => {
    const profile = Profile.denylist().deny('openat', arg(2).hasFlags('O_WRONLY', 'O_CREAT'));
    expect([1, 0o100, 0o101].map((flags) => answer(profile, 'openat', [0, 0, flags]))).toEqual([
      'allow',
      'allow',
      'errno 1',
    ]);
    expect(answer(profile, 'openat', [0, 0, 0x101], { abi: 'mips' })).toBe('errno 1');
  });
});

describe('mistakes', () => {
  const name = (text: string) => text as Subject;
  test.each<readonly [string, () => unknown, RegExp]>([
    [
      'a syscall',
      () => Profile.allowlist().allow(name('openatt')),
      /unknown syscall "openatt" \(did you mean openat\?\)/,
    ],
    ['a group', () => Profile.allowlist().allow(name('@mounts')), /unknown group "@mounts" \(did you mean @mount\?\)/],
    ['a constant', () => arg(0).eq('AF_INTE' as ConstantName), /unknown constant "AF_INTE" \(did you mean AF_INET\?\)/],
    ['no syscall', () => Profile.allowlist().allow(arg(0).eq(1)), /name at least one syscall/],
    [
      'an argument that there is not',
      () => Profile.allowlist().allow('socket', arg(3).eq(1)),
      /socket has 3 arguments/,
    ],
    ['an index', () => arg(6), /arguments 0 to 5/],
    ['a negative number', () => arg(0).eq(-1), /negative: write it unsigned/],
    ['a fraction', () => arg(0).eq(0.5), /no exact whole number/],
    ['65 bits', () => arg(0).eq(2n ** 64n), /more than 64 bits/],
    ['no flag', () => arg(0).hasFlags(0), /name at least one flag/],
    ['no value', () => arg(0).in([]), /name at least one value/],
    ['an errno', () => Profile.denylist().deny('read', { errno: 'EPREM' as 'EPERM' }), /"EPREM" is no errno/],
    ['errno 0, which would be success', () => Profile.denylist().deny('read', { errno: 0 }), /0 is no errno/],
    [
      'an option',
      () => Profile.denylist().deny('read', { errn: 1 } as object),
      /unknown option "errn" \(did you mean errno\?\)/,
    ],
    [
      'a default errno of many numbers',
      () => Profile.allowlist({ errno: 'ENOSYS' }),
      /ENOSYS has different numbers .*38 everywhere but/,
    ],
    [
      'an errno with a default that has none',
      () => Profile.allowlist({ action: 'log', errno: 1 }),
      /log returns no errno/,
    ],
    [
      'a capability',
      () =>
        Profile.allowlist()
          .allow('bpf')
          .when({ capability: 'CAP_BFP' as 'CAP_BPF' }),
      /did you mean CAP_BPF/,
    ],
    ['an ABI', () => Profile.allowlist().abis('amd64' as AbiName), /unknown ABI "amd64"/],
    [
      'a kernel version',
      () =>
        Profile.allowlist()
          .allow('bpf')
          .when({ minKernel: '5.8.1' as '5.8' }),
      /not a kernel version/,
    ],
    ['circumstances of nothing', () => Profile.allowlist().when({ capability: 'CAP_BPF' }), /about the word before it/],
    [
      'circumstances that contradict',
      () => Profile.allowlist().allow('bpf').when({ capability: 'CAP_BPF' }).unless({ capability: 'CAP_BPF' }),
      /contradict each other/,
    ],
    [
      'tests that contradict',
      () => Profile.allowlist().allow('socket', arg(0).eq(1), arg(0).eq(2)),
      /no call of socket/,
    ],
    ['unconfined', () => extend('unconfined'), /Profile\.denylist\(\)/],
    [
      'a part that no rule can state',
      () => Profile.allowlist().allow('read', arg(2).ge(3), arg(2).le(12)),
      /argument 2 is wider on some ABIs/,
    ],
  ])('%s', (_, build, message) => {
    expect(refusal(build)).toMatch(/^ERR_SECCOMP_OPTION /);
    expect(refusal(build)).toMatch(message);
  });
});

test('types know syscalls, groups, constants, errnos and capabilities', () => {
  const profile = Profile.allowlist();
  expectTypeOf<'read' | '@network' | ArgumentTest>().toExtend<Subject>();
  expectTypeOf(constants.AF_INET).toEqualTypeOf<2>();
  expectTypeOf<'O_CREAT' | 'TIOCSTI' | 'AF_INET'>().toExtend<ConstantName>();
  expectTypeOf(profile.deny('read')).toEqualTypeOf<Profile>();
  const wrong = () => [
    // @ts-expect-error a misspelt syscall
    profile.allow('raed'),
    // @ts-expect-error a misspelt group
    profile.allow('@netwrok'),
    // @ts-expect-error a misspelt constant
    arg(0).eq('AF_INTE'),
    // @ts-expect-error a constant that differs between ABIs is no number
    constants.O_CREAT,
    // @ts-expect-error an errno that there is not
    profile.deny('read', { errno: 'EPREM' }),
    // @ts-expect-error allow fails with no errno
    profile.allow('read', { errno: 'EPERM' }),
    // @ts-expect-error a misspelt capability
    profile.allow('bpf').when({ capability: 'CAP_BFP' }),
  ];
  expect(wrong).toBeTypeOf('function');
});
