/** A recorded profile allows the recorded calls, and nothing beyond its stated rules. Comments name the programs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { familiesInTable } from '../../lib/decode/argument-meanings.js';
import { distinguishing } from '../../lib/decode/captures.js';
import { namesOfFamilies } from '../../lib/decode/constant-names.js';
import { checkProfile, stringify } from '../../lib/index.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Profile } from '../../lib/profile/profile.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { toOperatorManifest } from '../../lib/profile/security-profiles-operator.js';
import { parseProfile, profileOf } from '../../lib/profile/source.js';
import { MAX_RULES } from '../../lib/record/argument-suggestions.js';
import { caveats, fileCaveats, pathCaveats } from '../../lib/record/caveats.js';
import { extendProfile, type SeenCall, synthesize } from '../../lib/record/synthesize.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { memoize } from '../../lib/util/memo.js';

const host = { abi: 'x86_64', kernel: { major: 6, minor: 12 }, capabilities: new Set<string>() } as const;
const bare = { containerStart: false };
const comparing = { containerStart: false, compareArguments: true };

function seen(syscall: string, args: readonly (number | bigint)[] = [], more: Partial<SeenCall> = {}): SeenCall {
  const registers = Array.from({ length: 6 }, (_, i) => BigInt(args[i] ?? 0));
  return { abi: 'x86_64', syscall, args: registers, captured: [], executable: '/bin/a', ...more };
}

const policyOf = memoize((profile: Profile) => resolve(profile, host));

function isAllowed(profile: Profile, { abi, syscall, args }: SeenCall): boolean {
  const number = syscallNumber(abi, syscall) ?? -1;
  return evaluate(policyOf(profile), { arch: abiOf(abi).audit, number, args }).kind === 'allow';
}

const NAMES = [
  'read',
  'socket',
  'ioctl',
  'clone',
  'mmap',
  'openat',
  'prctl',
  'setsockopt',
  'mount',
  'personality',
  'ptrace',
];
const value = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    2n,
    3n,
    0xffff_ffff_ffff_ffffn,
    0x80000n,
    0x80001n,
    0x11n,
    0xffff_ffffn,
    0xffff_ffff_ffff_ff9cn,
    1n << 40n,
  ),
  fc.bigInt({ min: 0n, max: 63n }),
);
const call = fc
  .record({
    abi: fc.constantFrom<AbiName>('x86_64', 'x86_64', 'x86'),
    syscall: fc.constantFrom(...NAMES),
    args: fc.array(value, { minLength: 6, maxLength: 6 }),
    executable: fc.constantFrom('/bin/a', '/bin/b'),
  })
  .map((each): SeenCall => ({ ...each, captured: [] }));
const calls = fc.array(call, { maxLength: 60 });

test('compares the low 32 bits of a value that fits no 32-bit ABI, such as that of ptrace(-1)', () => {
  const profile = synthesize([seen('ptrace', [-1n, 0])].map(asRegisters), host, comparing);
  expect(stringify(profile)).toContain('"value": 4294967295, "valueTwo": 4294967295');
  expect(isAllowed(profile, asRegisters(seen('ptrace', [-1n])))).toBe(true);
  expect(isAllowed(profile, seen('ptrace', [1n]))).toBe(false);
});

/** With registers as the kernel has them: unsigned. */
function asRegisters(call: SeenCall): SeenCall {
  return { ...call, args: call.args.map((value) => BigInt.asUintN(64, value)) };
}

test('allows every recorded call', () => {
  fc.assert(
    fc.property(calls, fc.boolean(), (run, compareArguments) => {
      const profile = synthesize(run, host, { containerStart: false, compareArguments });
      expect(run.filter((each) => !isAllowed(profile, each))).toEqual([]);
    }),
  );
});

test('denies every call whose name was not recorded, on the recorded ABIs', () => {
  fc.assert(
    fc.property(calls, call, (run, other) => {
      fc.pre(!run.some(({ syscall }) => syscall === other.syscall));
      expect(isAllowed(synthesize(run, host, comparing), other)).toBe(false);
    }),
  );
});

test('with arguments, allows a number only with the other numbers of a recorded call', () => {
  const sockets = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 })),
    { minLength: 1, maxLength: MAX_RULES },
  );
  fc.assert(
    fc.property(sockets, sockets, (run, others) => {
      const profile = synthesize(
        run.map((args) => seen('socket', args)),
        host,
        comparing,
      );
      const known = new Set(run.map(String));
      for (const args of others) expect(isAllowed(profile, seen('socket', args))).toBe(known.has(String(args)));
    }),
  );
});

test('with arguments, allows any selection of the recorded flags, and no other flag', () => {
  const flags = fc.array(fc.nat({ max: 0xffff }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(flags, fc.nat({ max: 0xfffff }), (run, other) => {
      const profile = synthesize(
        run.map((each) => seen('unshare', [each])),
        host,
        comparing,
      );
      const all = run.reduce((a, b) => a | b, 0);
      expect(isAllowed(profile, seen('unshare', [other]))).toBe((other & ~all) === 0);
    }),
  );
});

test('allows flags only with the number with which they were recorded', () => {
  const run = [seen('openat', [0, 0, 0o100001]), seen('openat', [0, 0, 0o2000000])];
  const profile = synthesize(run, host, comparing);
  expect(isAllowed(profile, seen('openat', [0, 0, 0]))).toBe(true);
  expect(isAllowed(profile, seen('openat', [0, 0, 0o2000001]))).toBe(false); // O_CLOEXEC was recorded for reading only.
  expect(isAllowed(profile, seen('openat', [0, 0, 2]))).toBe(false);
});

test('compares fewer arguments if more than 16 combinations were recorded', () => {
  const recorded = (count: number) =>
    synthesize(
      Array.from({ length: count }, (_, i) => seen('setsockopt', [3, 1, i])),
      host,
      comparing,
    );
  expect(MAX_RULES).toBe(16);
  expect(isAllowed(recorded(16), seen('setsockopt', [3, 1, 15]))).toBe(true);
  expect(isAllowed(recorded(16), seen('setsockopt', [3, 1, 99]))).toBe(false);
  expect(isAllowed(recorded(17), seen('setsockopt', [3, 1, 99]))).toBe(true);
  expect(isAllowed(recorded(17), seen('setsockopt', [3, 6, 1]))).toBe(false);
});

test('has its own source name', () => {
  const profile = parseProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }));
  const merged = extendProfile(profile, [seen('read')], host);
  expect(synthesize([seen('read')], host).source).toBe('the recorded profile');
  expect(merged.source).toBe('the profile built on inline');
  expect(extendProfile(merged, [seen('write')], host).source).toBe(merged.source);
});

test('names the program of each rule, and writes the compared arguments', () => {
  const run = [seen('write'), seen('read'), seen('write', [], { executable: '/bin/b' })];
  const more = seen('socket', [2, 1, 6], { executable: '/bin/b' });
  const { syscalls } = synthesize([...run, more], host, comparing).document;
  expect(syscalls.slice(1)).toMatchObject([
    { names: ['read', 'write'], comment: 'First seen in /bin/a' },
    { names: ['socket'], comment: 'AF_INET, SOCK_STREAM, IPPROTO_TCP; first seen in /bin/b' },
  ]);
});

test('names the first program of each rule with arguments, or that it is unknown', () => {
  const [first, later] = ['/bin/first', '/bin/later'].map((executable) => seen('socket', [2, 1, 6], { executable }));
  const comments = (...run: readonly SeenCall[]) =>
    synthesize(run, host, comparing)
      .document.syscalls.slice(1)
      .map(({ comment }) => comment);
  const written = 'AF_INET, SOCK_STREAM, IPPROTO_TCP; first seen in';
  expect(comments(first ?? seen('read'), later ?? seen('read'))).toEqual([`${written} /bin/first`]);
  const unknown = { executable: null };
  expect(comments(seen('read', [], unknown), seen('socket', [2, 1, 6], unknown))).toEqual([
    'First seen in an unknown program',
    `${written} an unknown program`,
  ]);
});

test('makes calls that were not recorded fail with EPERM, and has no rule for a call without a name', () => {
  const { document } = synthesize([seen('syscall 600')], host, bare);
  expect([document.defaultAction, document.defaultErrnoRet]).toEqual(['SCMP_ACT_ERRNO', 1]);
  expect(document.syscalls.map(({ names }) => names)).toEqual([
    ['exit', 'exit_group', 'restart_syscall', 'rt_sigreturn', 'sigreturn'],
  ]);
  expect(synthesize([], host).document.syscalls).toHaveLength(2);
});

test('keeps all rules of a profile, and adds only calls that it does not allow', () => {
  const first = synthesize([seen('read'), seen('socket', [1, 1, 0])], host, comparing);
  const again = extendProfile(first, [seen('read'), seen('socket', [1, 1, 0])], host, comparing);
  expect(stringify(again)).toBe(stringify(first));
  fc.assert(
    fc.property(calls, calls, fc.boolean(), (one, two, compareArguments) => {
      const options = { containerStart: false, compareArguments };
      const both = extendProfile(synthesize(one, host, options), two, host, options);
      expect([...one, ...two].filter((each) => !isAllowed(both, each))).toEqual([]);
    }),
  );
});

test('compares only the bits that the kernel reads if a register has more, as libseccomp compares all', () => {
  const garbage = seen('socket', [(0xdeadn << 32n) | 2n, 1, 0]);
  const profile = synthesize([garbage], host, comparing);
  const asLibseccomp = parseProfile(stringify(profile), { argumentWidth: 64 });
  expect(isAllowed(asLibseccomp, garbage)).toBe(true);
  expect(isAllowed(asLibseccomp, seen('socket', [3, 1, 0]))).toBe(false);
});

test('covers the recorded ABIs', () => {
  const profile = synthesize([seen('read'), seen('socketcall', [1], { abi: 'x86' })], host, bare);
  expect(profile.document.architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
  expect(isAllowed(profile, seen('socketcall', [1], { abi: 'x86' }))).toBe(true);
});

test('adds ABIs to the archMap of a profile that has one, and does not change other entries', () => {
  const archMap = [
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X32'] },
  ];
  const base = parseProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', archMap, syscalls: [] }));
  const call = seen('read', [], { abi: 'x86' });
  const profile = extendProfile(base, [call], host);
  expect(profile.document.archMap).toEqual([
    archMap[0],
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X32', 'SCMP_ARCH_X86'] },
  ]);
  expect(isAllowed(profile, call)).toBe(true);
});

test('has caveats for calls that a recording cannot contain', () => {
  expect(caveats([seen('read'), seen('prctl', [38, 1])], 0, false)).toEqual([]);
  const calls = [seen('syscall 600'), seen('syscall 600', [1]), seen('io_uring_setup'), seen('prctl', [22, 2])];
  expect(caveats(calls, 3, false)).toEqual([
    expect.stringMatching(/^3 calls are of further kinds that were not recorded separately/),
    'syscall 600 of x86_64 has no known name, so no profile can allow it',
    expect.stringMatching(/^the program used io_uring/),
    expect.stringMatching(/^the program attached its own seccomp filter/),
  ]);
});

test('has no caveat about paths that are not restricted', () => {
  const under = (enforcement: object) => pathCaveats({ enforcement } as never);
  expect([under({}), under({ paths: { reason: 'no Landlock', open: [] } })]).toEqual([[], []]);
});

test('has caveats for files that a recording cannot contain', () => {
  const unseen = { noRoom: 0, unreadable: 0, notFound: 0 };
  const of = (run: readonly SeenCall[], isSeen = true, more: Partial<typeof unseen> = {}) =>
    fileCaveats(run, { ...unseen, ...more }, isSeen).map((caveat) => caveat.slice(0, 70));
  expect(of([seen('openat'), seen('socket', [2]), seen('io_uring_setup')])).toEqual([]);
  expect(of([seen('read')], false)).toEqual([]);
  expect(of([], true, { noRoom: 2, unreadable: 1, notFound: 3 })).toEqual([
    'paths may lack files: 2 calls that name files were not looked at, as t',
    'paths may lack files: the files of one call could not be read from the',
    'paths may lack files: the files of 3 calls could not be found as the p',
  ]);
  expect(of([seen('openat')], false)).toEqual([
    'paths lacks the files of the program: none of those that it named (by ',
  ]);
  expect(of([seen('socket', [1])])).toEqual(['the program made a Unix socket, whose connections are not recorded: wi']);
  expect(of([seen('socket', [(1n << 32n) | 1n])])).toHaveLength(1);
  expect(of([seen('bind', [1])])).toEqual([]);
  expect(of([seen('io_uring_enter')])).toEqual(['paths lacks the files that the program opened by io_uring']);
  const [unread] = fileCaveats(
    ['openat', 'open', 'read', 'openat'].map((name) => seen(name)),
    unseen,
    false,
  );
  expect(unread).toContain('(by openat, open)');
});

test.each<readonly [string, SeenCall, boolean]>([
  ['prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)', seen('prctl', [22, 2]), true],
  ['prctl with other bits in the registers', seen('prctl', [(7n << 32n) | 22n, (7n << 32n) | 2n]), true],
  ['prctl with the highest bit of 32', seen('prctl', [2 ** 31 + 22, 2]), false],
  ['prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)', seen('prctl', [22, 1]), false],
  ['prctl(PR_GET_SECCOMP)', seen('prctl', [21, 2]), false],
  ['seccomp(SECCOMP_SET_MODE_FILTER)', seen('seccomp', [1]), true],
  ['seccomp(SECCOMP_SET_MODE_STRICT)', seen('seccomp', [0]), false],
  ['seccomp(SECCOMP_GET_ACTION_AVAIL)', seen('seccomp', [2]), false],
  ['a call with the same arguments', seen('fcntl', [22, 2]), false],
])('%s is a filter of the program: %s', (_, each, isFilter) => {
  const expected = isFilter ? [expect.stringMatching(/^the program attached its own seccomp filter/)] : [];
  expect(caveats([each], 0, false)).toEqual(expected);
});

test('has a caveat for each call that isolation denies under any profile', () => {
  const ioctl = seen('ioctl', [0, 0x5412]); // TIOCSTI
  expect(caveats([ioctl, ioctl, seen('ioctl', [0, 0x5413])], 0, false)).toEqual([
    expect.stringMatching(/; under the profile, the program needs isolate: false$/),
  ]);
  const CLONE_PARENT = 0x8000;
  const denied = [seen('clone', [CLONE_PARENT | 17]), seen('keyctl', [18]), seen('add_key'), seen('request_key')];
  const others = [seen('clone', [17]), seen('clone', [0x3d0f00]), seen('clone3'), seen('setsid')];
  expect(caveats([...denied, ...others], 0, true)).toEqual([
    expect.stringMatching(/^isolate denies clone with CLONE_PARENT.*: leave it out; otherwise, under the profile/),
    ...['keyctl', 'add_key', 'request_key'].map((name) =>
      expect.stringMatching(new RegExp(`^isolate denies ${name}, [^:]*; under the profile, .* isolate: false$`)),
    ),
  ]);
});

test('has a caveat for a program that takes a terminal, unless it was given one', () => {
  const calls = [seen('ioctl', [3, 0x5410]), seen('ioctl', [3, 0x540f])]; // TIOCSPGRP, TIOCGPGRP
  expect(caveats(calls, 0, true)).toEqual([]);
  expect(caveats(calls, 0, false)).toEqual([
    expect.stringMatching(/^isolate denies ioctl TIOCSPGRP, .*: pass one in stdio; otherwise, under the profile/),
  ]);
});

test('writes a document that has no diagnostics', () => {
  fc.assert(
    fc.property(calls, fc.boolean(), (run, compareArguments) => {
      const text = stringify(synthesize(run, host, { compareArguments }));
      // Every profile that allows socket on x86 has the diagnostic about socketcall.
      const found = checkProfile(text, { host }).filter(({ message }) => !message.includes('socketcall'));
      expect(found).toEqual([]);
      expect(stringify(parseProfile(text))).toBe(text);
    }),
    { numRuns: 30 },
  );
});

test('compares 32 bits of flags, as no flag has more', () => {
  const families = familiesInTable();
  const wide = namesOfFamilies('x86_64').flatMap(([family, , names]) =>
    families.has(family as never) ? [...names].flatMap(([name, bits]) => (bits > 0xffff_ffffn ? [name] : [])) : [],
  );
  // clone3 reads these flags from memory; clone and unshare don't have them.
  expect([...new Set(wide)].sort()).toEqual(['CLONE_CLEAR_SIGHAND', 'CLONE_INTO_CGROUP']);
  expect(distinguishing('x86_64', 'clone3')).toEqual([]);
});

test('can be written as a manifest of the Security Profiles Operator', () => {
  const profile = synthesize([seen('read'), seen('unshare', [0x10000000])], host, comparing);
  expect(toOperatorManifest(profile, 'my-app').text).toBe(`apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: "my-app"
spec:
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
    # Exits and returns from signals, which a recording may lack
    - action: SCMP_ACT_ALLOW
      names:
        - exit
        - exit_group
        - restart_syscall
        - rt_sigreturn
        - sigreturn
    # First seen in /bin/a
    - action: SCMP_ACT_ALLOW
      names:
        - read
    # CLONE_NEWUSER; first seen in /bin/a
    - action: SCMP_ACT_ALLOW
      names:
        - unshare
      args:
        - index: 0
          value: 4026531839
          valueTwo: 0
          op: SCMP_CMP_MASKED_EQ
`);
  expect(() => toOperatorManifest(profile, 'My App')).toThrow(/is not a valid Kubernetes name/);
});

test('allows calls with any arguments in a manifest if it would compare more than 63 bits', () => {
  const equal = (value: bigint) => ({ index: 0, value, op: 'SCMP_CMP_EQ' }) as const;
  const allow = (names: readonly string[], value: bigint) =>
    ({ names, action: 'SCMP_ACT_ALLOW', args: [equal(value)] }) as const;
  const syscalls = [allow(['lseek', 'dup'], 5n), allow(['lseek'], 1n << 63n), allow(['lseek'], 6n)];
  const { text, notes } = toOperatorManifest(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }), 'my-app');
  expect(text.split('  syscalls:\n')[1]).toBe(`    - action: SCMP_ACT_ALLOW
      names:
        - dup
      args:
        - index: 0
          value: 5
          op: SCMP_CMP_EQ
    - action: SCMP_ACT_ALLOW
      names:
        - lseek
`);
  expect(notes).toEqual([expect.stringMatching(/^lseek is allowed with any arguments: .* above 2⁶³ − 1/)]);
  const denied = { ...allow(['lseek'], 1n << 63n), action: 'SCMP_ACT_LOG' } as const;
  const other = profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [denied] });
  expect(() => toOperatorManifest(other, 'my-app')).toThrow('argument 0 has 64 bits: Kubernetes stores 63');
});
