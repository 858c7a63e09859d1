/** Random profiles and calls for property tests: few syscalls and few values, so that rules overlap. */
import fc from 'fast-check';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
import { ACTIONS, OPERATORS } from '../../lib/profile/document/fields.js';
import type { ArgumentDocument, ProfileDocument, RuleDocument } from '../../lib/profile/document/types.js';
import { type Host, resolveWithDiagnostics } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { ABIS, type AbiName } from '../../lib/syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../../lib/syscalls/table.js';

/** Calls whose arguments have every width, on every ABI. */
const NAMES = [
  'read',
  'chmod',
  'lseek',
  'clone',
  'ioctl',
  'personality',
  'mmap',
  'socket',
  'setuid',
  'execve',
  'getpid',
];

const VALUES = [
  0n,
  1n,
  2n,
  3n,
  0xffffn,
  0x10000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  1n << 32n,
  (1n << 32n) + 1n,
  (1n << 63n) + 5n,
  (1n << 64n) - 1n,
];

const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.bigInt({ min: 0n, max: 8n }),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);

/** The ABIs of one machine, the native one first. */
const MACHINES: readonly (readonly AbiName[])[] = [
  ['x86_64', 'x86', 'x32'],
  ['x86_64', 'x86'],
  ['x86_64'],
  ['x86'],
  ['aarch64', 'arm'],
  ['s390x', 's390'],
  ['ppc64'],
  ['mipsel64', 'mipsel', 'mipsel64n32'],
  ['riscv64'],
];

/** A host of one of the machines. */
export const host: fc.Arbitrary<Host> = fc.constantFrom(...MACHINES).map(([abi = 'x86_64', ...abis]) => ({
  abi,
  abis,
  kernel: { major: 6, minor: 1 },
  capabilities: new Set<string>(),
}));

/** A profile whose values fit their arguments on every ABI of `machine`, and with no index twice in a rule. */
export function profile({ abi, abis = [] }: Host): fc.Arbitrary<ProfileDocument> {
  const action = fc.constantFrom(...ACTIONS);
  const rule = fc.constantFrom(...NAMES).chain((name) =>
    fc.record({
      names: fc.constant([name]),
      action,
      args: fc.oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        {
          weight: 3,
          arbitrary: fc.uniqueArray(argument([abi, ...abis], name), { selector: ({ index }) => index, maxLength: 3 }),
        },
      ),
    }),
  );
  const errno = (document: RuleDocument) =>
    document.action === 'SCMP_ACT_ERRNO'
      ? fc.integer({ min: 0, max: 20 }).map((errnoRet) => ({ ...document, errnoRet }))
      : fc.constant(document);
  // Runtimes refuse SCMP_ACT_NOTIFY as the default action.
  const defaultAction = action.filter((name) => name !== 'SCMP_ACT_NOTIFY');
  return fc.record({ defaultAction, syscalls: fc.array(rule.chain(errno), { maxLength: 12 }) });
}

function argument(abis: readonly AbiName[], name: string): fc.Arbitrary<ArgumentDocument> {
  return fc.integer({ min: 0, max: 5 }).chain((index) => {
    const width = Math.min(...abis.map((abi) => argumentWidth(abi, name, index)));
    const fitting = value.map((number) => BigInt.asUintN(width, number));
    return fc.record({
      index: fc.constant(index),
      op: fc.constantFrom(...OPERATORS),
      value: fitting,
      valueTwo: fitting,
    });
  });
}

/** The policy of a random profile, whatever diagnostics it has. */
export function policyOfAny(document: ProfileDocument, on: Host): Policy {
  return resolveWithDiagnostics(profileOf(document), on).policy;
}

/** A call for which `policy` has decisions, more often than not. */
export function call(policy: Policy): fc.Arbitrary<PolicyCall> {
  const numbers = policy.abis.flatMap(({ abi, syscalls }) =>
    [...syscalls.keys()].map((number) => ({ arch: abi.audit, number })),
  );
  const known = numbers.length > 0 ? [fc.constantFrom(...numbers)] : [];
  const constants = policy.abis.flatMap(({ syscalls }) =>
    [...syscalls.values()].flat().flatMap(({ conditions }) => conditions.map((c) => c.value)),
  );
  const near = fc
    .constantFrom(...constants, 0n)
    .chain((constant) =>
      fc
        .constantFrom(
          constant,
          constant + 1n,
          constant - 1n,
          constant | (1n << 32n),
          constant ^ (1n << 63n),
          constant | 0x10000n,
        )
        .map((n) => BigInt.asUintN(64, n)),
    );
  const number = fc.oneof(
    fc.nat(600),
    fc.constantFrom(0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff),
    fc.nat(0xffff_ffff),
  );
  const anywhere = fc.record({ arch: fc.constantFrom(...[...ABIS.values()].map(({ audit }) => audit), 0, 1), number });
  return fc
    .record({
      target: fc.oneof(...known.map((arbitrary) => ({ weight: 4, arbitrary })), { weight: 1, arbitrary: anywhere }),
      args: fc.array(fc.oneof(near, value), { minLength: 6, maxLength: 6 }),
    })
    .map(({ target, args }) => ({ ...target, args }));
}

/** The number of a syscall. Throws if there is none. */
export function numberOf(abi: AbiName, name: string): number {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new RangeError(`${abi} has no ${name}`);
  return number;
}
