/**
 * Our filters against libseccomp's for the same profiles: the same decisions, but for the differences that are listed.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProfileError } from '../../lib/errors.js';
import { BPF, decodeInstructions, type Instruction } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { actionOf as actionFor, compareRestriction, returnValue } from '../../lib/policy/action.js';
import type { Policy } from '../../lib/policy/policy.js';
import { OPERATORS } from '../../lib/profile/document/fields.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, issuesOn, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../lib/profile/source.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { numberOf, profile } from '../support/arbitrary.js';
import { callsOn, showCall } from '../support/calls.js';
import { corpusOn } from '../support/corpus.js';
import { describeUnless } from '../support/describe-unless.js';
import {
  libseccompFilter,
  libseccompObstacle,
  type Optimize,
  rulesOn,
  runcCutoffs,
  runcRules,
} from '../support/libseccomp.js';
import { type Comparison, DIFFERENCES, explain, REFUSAL, theirAnswer } from './differences.js';

const SEED = 20_260_901;
const reason = libseccompObstacle();

/** Machines by their ABIs, the native one first. libseccomp knows all of them on any. */
const MACHINES: readonly (readonly AbiName[])[] = [
  ['x86_64', 'x86', 'x32'],
  ['aarch64', 'arm'],
  ['s390x', 's390'],
  ['riscv64'],
  ['ppc64le'],
];

/** ABIs that are tested on every machine, listed or not. */
const OTHERS: readonly AbiName[] = ['x86', 'x32', 'arm'];

function hostOf([abi = 'x86_64', ...abis]: readonly AbiName[], capabilities: readonly string[] = []): Host {
  return { abi, abis, kernel: { major: 6, minor: 18 }, capabilities: new Set(capabilities) };
}

/** The capabilities that Docker gives a container by default, as far as its profile refers to them. */
const DOCKER_CAPABILITIES = ['CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE', 'CAP_NET_RAW'];

function readBoth(source: Profile, host: Host, optimize?: Optimize): Comparison {
  const policy = resolve(source, host);
  const rules = rulesOn(source, host);
  const program = decodeInstructions(libseccompFilter(runcRules(source, host, optimize)), abiOf(host.abi).endian);
  return { policy, rules, theirs: repaired(program, policy), cutoffs: runcCutoffs(rules, policy) };
}

/** As container runtimes read it. */
const compat = (document: ProfileDocument) => profileOf(document, { mode: 'compat' });

/**
 * Made for the other byte order, some returns of libseccomp's are swapped once too often (2.6.0; a machine of that
 * order swaps nothing). They are recognized as values that are not actions of the policy.
 */
function repaired(program: readonly Instruction[], policy: Policy): readonly Instruction[] {
  const decisions = policy.abis.flatMap(({ syscalls }) => [...syscalls.values()].flat());
  const values = new Set([policy.defaultAction, ...decisions.map(({ action }) => action)].map(returnValue));
  return program.map((instruction) => {
    const swapped = Buffer.from(Uint32Array.of(instruction.k).buffer).readUInt32BE();
    const isSwapped = instruction.code === BPF.ret && !values.has(instruction.k) && values.has(swapped);
    return isSwapped ? { ...instruction, k: swapped } : instruction;
  });
}

/** For JSON.stringify, which takes no bigints. */
const inWords = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

interface Outcome {
  readonly calls: number;
  /** How often each listed difference occurs. */
  readonly seen: ReadonlyMap<string, number>;
  /** Calls that differ for no listed reason, with both answers. */
  readonly unexplained: readonly string[];
}

/** Whether our action is at least as restrictive as theirs, which then needs no other reason. */
function isStricter(ours: number, theirs: number): boolean {
  return compareRestriction(actionFor(ours), actionFor(theirs)) <= 0;
}

function compare(comparison: Comparison, isFine: (ours: number, theirs: number) => boolean = () => false): Outcome {
  const { policy } = comparison;
  const filter = compilePolicy(policy);
  const { endian } = abiOf(filter.abis[0] ?? 'x86_64');
  const seen = new Map<string, number>();
  const unexplained: string[] = [];
  let calls = 0;
  for (const call of callsOn([...filter.abis, ...OTHERS], policy)) {
    calls++;
    const ourAnswer = interpret(filter.instructions, call, endian).value;
    const answer = theirAnswer(comparison, call, endian);
    if (ourAnswer === answer) continue;
    const difference = isFine(ourAnswer, answer) ? 'stricter' : explain(comparison, call, ourAnswer, answer)?.name;
    if (difference !== undefined) seen.set(difference, (seen.get(difference) ?? 0) + 1);
    else unexplained.push(`${showCall(call)}: ours 0x${ourAnswer.toString(16)}, theirs 0x${answer.toString(16)}`);
  }
  return { calls, seen, unexplained };
}

function expectAgreement(source: Profile, host: Host, optimize?: Optimize): void {
  const { calls, unexplained } = compare(readBoth(source, host, optimize));
  expect(unexplained.slice(0, 5), `of ${calls} calls`).toEqual([]);
  expect(calls).toBeGreaterThan(4000);
}

describeUnless(reason, 'a compiled filter decides as libseccomp’s', () => {
  describe.each(MACHINES.map((abis) => [abis.join(' + '), abis] as const))('on %s', (_, abis) => {
    const host = hostOf(abis);

    describe.each(['docker-default', 'podman-default'])('for %s', (name) => {
      const builtin = loadProfile(name);

      test.each([
        ['no capabilities', 1, []],
        ['no capabilities', 2, []],
        ['those of a container', 2, DOCKER_CAPABILITIES],
        ['CAP_SYS_ADMIN and more', 2, ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_BPF']],
      ] as const)('with %s, CTL_OPTIMIZE=%i', (_, optimize, capabilities) => {
        expectAgreement(builtin, hostOf(abis, capabilities), optimize);
      });
    });

    // With more rules libseccomp's decisions are not always those of the rules; see the last test.
    test('for random profiles with one rule a syscall', () => {
      for (const document of fc.sample(profile(host), { seed: SEED, numRuns: 20 })) {
        const rules = new Map((document.syscalls ?? []).map((rule) => [rule.names.join(), rule]));
        expectAgreement(compat({ ...document, syscalls: [...rules.values()] }), host);
      }
    });

    test('for random profiles with several rules a syscall, of one action and without order', () => {
      for (const document of fc.sample(profile(host), { seed: SEED, numRuns: 20 })) {
        const syscalls = (document.syscalls ?? []).map((rule) => ({
          names: rule.names,
          action: 'SCMP_ACT_ALLOW' as const,
          args: (rule.args ?? []).map((each) =>
            each.op === 'SCMP_CMP_MASKED_EQ' ? each : { ...each, op: 'SCMP_CMP_EQ' as const },
          ),
        }));
        expectAgreement(compat({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), host);
      }
    });

    // Of rules with one comparison each libseccomp always takes the action of one that holds; ours is the strictest. It
    // refuses different actions for what socketcall makes, since there it drops the comparison: socket is left out.
    test('for random profiles with several rules a syscall, or is stricter', () => {
      let stricter = 0;
      for (const document of fc.sample(profile(host), { seed: SEED, numRuns: 20 })) {
        const syscalls = (document.syscalls ?? [])
          .filter(({ names }) => !names.includes('socket'))
          .map((rule) => ({ ...rule, args: rule.args?.slice(0, 1) ?? null }));
        const source = compat({ ...document, syscalls });
        if (issuesOn(source, host).some(({ severity }) => severity === 'error')) continue;
        const { seen, unexplained } = compare(readBoth(source, host), isStricter);
        expect(unexplained.slice(0, 5)).toEqual([]);
        stricter += seen.get('stricter') ?? 0;
      }
      expect(stricter).toBeGreaterThan(0);
    });

    // All profiles on the first machine. The others, whose ABIs differ in their tables only, take turns.
    const machine = MACHINES.indexOf(abis);
    const others = MACHINES.length - 1;
    const corpus = corpusOn(host).filter((_, i) => machine === 0 || i % others === machine - 1);
    for (const entry of corpus) {
      if ('refusal' in entry) test(`for ${entry.name}`, ({ skip }) => skip(`it is refused: ${entry.refusal}`));
      else test(`for ${entry.name}`, () => expectAgreement(entry.profile, host));
    }
  });

  test.each([...ABIS.keys()])('on %s, also where socketcall and ipc make calls that a profile names', (abi) => {
    const some = fc.subarray(['read', 'write', 'socket', 'semget', 'recvmmsg', 'socketcall', 'ipc', 'statx'], {
      minLength: 1,
    });
    for (const names of [['read', 'write', 'semget'], ...fc.sample(some, { seed: SEED, numRuns: 4 })])
      expectAgreement(
        compat({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }),
        hostOf(abi === 'x32' ? ['x86_64', 'x32'] : [abi]), // No machine has x32 alone.
      );
  });

  test.each(DIFFERENCES.map((difference) => [difference.name, difference] as const))(
    'but for: %s',
    (name, { example, abis }) => {
      const { seen, unexplained } = compare(readBoth(compat(example), hostOf(abis)));
      expect(unexplained.slice(0, 5)).toEqual([]);
      expect([...seen.keys()]).toContain(name);
    },
  );

  test('except for rules on socketcall that libseccomp refuses, which compat also refuses and strict accepts', () => {
    const { example, abis, explains } = REFUSAL;
    const host = hostOf(abis);
    const source = profileOf(example);
    expect(() => libseccompFilter(runcRules(source, host))).toThrow(/^rule 0 socket 0 .*: File exists$/m);
    expect(() => resolve(compat(example), host)).toThrow(
      /a different action from syscalls\[0\]; for socketcall on x86,/,
    );
    const rules = rulesOn(source, host);
    const policy = resolve(source, host);
    expect(['socket', 'bind', 'brk'].map((name) => explains(name, rules, policy))).toEqual([true, false, false]);
    expect(explains('socket', rules, resolve(compat(example), hostOf(['x86_64'])))).toBe(false);
    expect(explains('socket', rules.slice(1), policy)).toBe(false);
  });

  describe.each<readonly AbiName[]>([['x86_64'], ['x86']])('on %s, of random rules on one syscall', (abi) => {
    const host = hostOf([abi]);
    // All of its arguments have all bits of a register. A mask of 0, which makes a rule one without comparisons, is
    // apart.
    const NAME = 'mremap';
    const value = fc.bigInt({ min: 1n, max: 4n });
    const comparisonOf = (index: number) =>
      fc.record({ index: fc.constant(index), op: fc.constantFrom(...OPERATORS), value, valueTwo: value });
    const args = (most: number) =>
      fc.subarray([0, 1, 2], { minLength: 1, maxLength: most }).chain((all) => fc.tuple(...all.map(comparisonOf)));
    const documents = (most: number, action: fc.Arbitrary<object>) =>
      fc.sample(
        fc.array(fc.tuple(args(most), action), { minLength: 2, maxLength: 5 }).map((all) => ({
          defaultAction: 'SCMP_ACT_KILL' as const,
          syscalls: all.map(([args, action]) => ({
            names: [NAME],
            action: 'SCMP_ACT_ALLOW' as const,
            ...action,
            args,
          })),
        })),
        { seed: SEED, numRuns: 150 },
      );
    const errno = fc.integer({ min: 1, max: 3 }).map((errnoRet) => ({ action: 'SCMP_ACT_ERRNO', errnoRet }));

    const isRefused = (work: () => unknown) => {
      try {
        work();
        return false;
      } catch (error) {
        if (error instanceof ProfileError || String(error).includes('File exists')) return true;
        throw error;
      }
    };

    // With more of them, libseccomp 2.6 may not terminate.
    test('with one comparison, compat refuses those that libseccomp refuses', () => {
      const refused = documents(1, fc.oneof(fc.constant({}), errno)).map((document) => {
        const source = compat(document);
        const theirs = isRefused(() => libseccompFilter(runcRules(source, host)));
        expect(
          isRefused(() => resolve(source, host)),
          JSON.stringify(document, inWords),
        ).toBe(theirs);
        return theirs;
      });
      expect(new Set(refused)).toEqual(new Set([true, false]));
    });

    test('with one comparison, compat takes the same errno where several rules match', () => {
      let calls = 0;
      for (const document of documents(1, errno).slice(0, 30)) {
        const source = profileOf(document, { mode: 'compat', argumentWidth: 64 });
        if (issuesOn(source, host).some(({ severity }) => severity === 'error')) continue;
        const outcome = compare(readBoth(source, host));
        expect(outcome.unexplained.slice(0, 5), JSON.stringify(document, inWords)).toEqual([]);
        expect(outcome.seen.get('rules in conflict'), JSON.stringify(document, inWords)).toBeUndefined();
        calls += outcome.calls;
      }
      expect(calls).toBeGreaterThan(50_000);
    });
  });

  test.each<[string, readonly number[], readonly number[]]>([
    ['two actions under one condition', [1], [1]],
    ['fewer conditions after more', [1, 2], [1]],
    ['the same of three', [1, 2, 3], [1]],
  ])('both refuse %s', (_, first, second) => {
    const args = (values: readonly number[]) =>
      values.map((value, index) => ({ index, value, op: 'SCMP_CMP_EQ' as const }));
    const source = compat({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['brk'], action: 'SCMP_ACT_ALLOW', args: args(first) },
        { names: ['brk'], action: 'SCMP_ACT_LOG', args: args(second) },
      ],
    });
    expect(() => resolve(source, hostOf(['x86_64']))).toThrow(ProfileError);
    expect(() => libseccompFilter(runcRules(source, hostOf(['x86_64'])))).toThrow(/File exists/);
  });

  test('a rule that one of the two lacks is detected', () => {
    const host = hostOf(['x86_64']);
    const names = ['read', 'write', 'getpid'];
    const both = readBoth(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }), host);
    const policy = resolve(
      profileOf(
        { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] },
        { newerCalls: 'default' },
      ),
      host,
    );
    const { unexplained } = compare({ ...both, policy });
    expect(unexplained).toHaveLength(6);
    expect(unexplained[0]).toMatch(/^x86_64 read\[0\]\(.*\): ours 0x7fff0000, theirs 0x50001$/);
  });

  test('where no rule matches but libseccomp 2.6.0 allows the call, the compiled filter follows the rules', () => {
    const ne = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_NE' as const });
    const { policy, theirs } = readBoth(
      profileOf({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [
          { names: ['mmap'], action: 'SCMP_ACT_ALLOW', args: [ne(0, 0)] },
          { names: ['mmap'], action: 'SCMP_ACT_ALLOW', args: [ne(0, 2), { index: 1, value: 7, op: 'SCMP_CMP_EQ' }] },
        ],
      }),
      hostOf(['x86_64']),
    );
    const call = { arch: abiOf('x86_64').audit, number: numberOf('x86_64', 'mmap'), args: [0n, 9n, 0n, 0n, 0n, 0n] };
    expect(interpret(theirs, call, 'little').value.toString(16)).toBe('7fff0000');
    expect(interpret(compilePolicy(policy).instructions, call, 'little').value.toString(16)).toBe('50001');
  });
});
