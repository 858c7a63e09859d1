/** Where our filters decide otherwise than libseccomp's, each with its reason. Nothing else may differ. */

import { BPF, type Instruction, NR_OFFSET } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { actionOf as actionFor, compareRestriction, returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action, Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { ProfileDocument, Rule } from '../../lib/profile/document/types.js';
import { type Abi, type AbiName, abiOf, isX32 } from '../../lib/syscalls/abi.js';
import { argumentWidth, syscallName, syscallNumber } from '../../lib/syscalls/table.js';
import { actionOf, type Cutoffs, isCutOff, libseccompNumbers } from '../support/libseccomp.js';

/** A profile on a host, as both read it. */
export interface Comparison {
  readonly policy: Policy;
  /** The rules that hold on the host. */
  readonly rules: readonly Rule[];
  /** libseccomp's program. */
  readonly theirs: readonly Instruction[];
  /** What runc puts in front of it. */
  readonly cutoffs: Cutoffs;
}

/** What a container of runc's answers. */
export function theirAnswer(
  { theirs, cutoffs }: Pick<Comparison, 'theirs' | 'cutoffs'>,
  call: PolicyCall,
  endian: 'little' | 'big',
) {
  return isCutOff(call, cutoffs) ? ENOSYS : interpret(theirs, call, endian).value;
}

export const ENOSYS = returnValue({ kind: 'errno', errno: 38 });

/** A call that the two decide differently. */
export interface Disagreement extends Comparison {
  readonly call: PolicyCall;
  readonly ourAnswer: number;
  readonly theirAnswer: number;
  /** The ABI and the syscall's name on it; undefined where there is none. */
  readonly abi: Abi | undefined;
  readonly name: string | undefined;
}

export interface Difference {
  readonly name: string;
  readonly reason: string;
  /** Whether this is why; as narrow as can be, so that no mistake hides behind it. */
  readonly explains: (disagreement: Disagreement) => boolean;
  /** A profile that shows it, and the ABIs on which it does, the native one first. */
  readonly example: ProfileDocument;
  readonly abis: readonly AbiName[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'ABIs that are not listed',
    reason: 'Calls of another ABI kill the process here. libseccomp kills the thread by default.',
    explains: ({ abi, ourAnswer, theirAnswer }) =>
      abi === undefined && ourAnswer === returnValue({ kind: 'kill-process' }) && theirAnswer === 0,
    example: { defaultAction: 'SCMP_ACT_ERRNO' },
    abis: ['x86_64'],
  },
  {
    name: 'width of arguments',
    reason: 'What the kernel reads of a register is compared here. libseccomp compares all 64 bits, on 32-bit ABIs 32.',
    explains: (disagreement) => {
      const { abi, name, call, ourAnswer } = disagreement;
      if (abi === undefined || name === undefined) return false;
      const args = call.args.map((value, index) => BigInt.asUintN(argumentWidth(abi.name, name, index), value));
      return theirAnswer(disagreement, { ...call, args }, abi.endian) === ourAnswer;
    },
    example: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 40, op: 'SCMP_CMP_EQ' }] }],
    },
    abis: ['x86_64'],
  },
  {
    name: 'registers of x32',
    reason:
      'x32 passes 64-bit arguments in one register, and the kernel reads it whole. libseccomp compares 32 bits of it.',
    explains: ({ abi, policy, call, theirAnswer }) =>
      abi?.name === 'x32' && answer(policy, { ...call, args: low32(call.args) }) === theirAnswer,
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['lseek'], action: 'SCMP_ACT_ALLOW', args: [{ index: 1, value: 5, op: 'SCMP_CMP_EQ' }] }],
    },
    abis: ['x86_64', 'x32'],
  },
  {
    name: 'arguments behind socketcall and ipc',
    reason:
      'Where a rule on socket has arguments, socketcall gets the most restrictive action that it can come to. libseccomp ' +
      'drops the first of them and looks for the others among those of socketcall itself; likewise for ipc.',
    explains: ({ name, rules, call, ourAnswer, theirAnswer }) => {
      const subcall = subcallOf(name, call);
      if (subcall === undefined) return false;
      const isConditional = rules.some(({ names, args }) => args?.length && names.some((each) => each === subcall));
      return isConditional && compareRestriction(actionFor(ourAnswer), actionFor(theirAnswer)) <= 0;
    },
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
    },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'rules on socketcall and ipc',
    reason:
      'A rule that names socketcall stands as written here. libseccomp adds those on socket to it; likewise for ipc.',
    explains: ({ name, rules, call, theirAnswer }) => {
      const subcall = subcallOf(name, call);
      if (name === undefined || subcall === undefined) return false;
      if (!rules.some((rule) => rule.names.includes(name))) return false;
      return rules.some((rule) => rule.names.includes(subcall) && returnValue(actionOf(rule)) === theirAnswer);
    },
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['socketcall'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 3, op: 'SCMP_CMP_EQ' }] },
        { names: ['socket'], action: 'SCMP_ACT_ALLOW' },
      ],
    },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'versions of ipc',
    reason: 'The kernel takes the high half of its first argument for a version, and so it does not count here.',
    explains: (disagreement) => {
      const { name, abi, call, ourAnswer } = disagreement;
      if (name !== 'ipc' || abi === undefined) return false;
      const args = call.args.with(0, BigInt.asUintN(16, call.args[0] ?? 0n));
      return theirAnswer(disagreement, { ...call, args }, abi.endian) === ourAnswer;
    },
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['semget'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'calls that only socketcall and ipc make',
    reason: 'libseccomp leaves out rules on these: accept, send, recv, semop and semtimedop on x86. Here they hold.',
    explains: ({ abi, name, call, policy, theirAnswer }) => {
      const subcall = subcallOf(name, call);
      if (abi === undefined || subcall === undefined || theirAnswer !== returnValue(policy.defaultAction)) return false;
      return syscallNumber(abi.name, subcall) === undefined;
    },
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['recv', 'semop'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'newer syscalls',
    reason: 'libseccomp leaves out names that its table lacks; ours is newer.',
    explains: ({ abi, name, policy, theirAnswer }) =>
      abi !== undefined &&
      name !== undefined &&
      [returnValue(policy.defaultAction), ENOSYS].includes(theirAnswer) &&
      isLacking(abi.name, name),
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['file_getattr'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'the largest number',
    reason:
      'All names in a profile determine which syscalls are newer than it. runc ignores the names that libseccomp lacks.',
    explains: ({ abi, call, rules, cutoffs, theirAnswer }) => {
      if (abi === undefined || theirAnswer !== ENOSYS) return false;
      const lacking = rules
        .flatMap(({ names }) => names)
        .filter((each) => isLacking(abi.name, each))
        .map((each) => syscallNumber(abi.name, each) ?? 0);
      return call.number > (cutoffs.get(abi.name) ?? 0) && call.number <= Math.max(...lacking);
    },
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['write', 'file_getattr'], action: 'SCMP_ACT_ALLOW' }],
    },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'ABIs of which runc counts nothing',
    reason: 'For the same reason it cuts nothing off, where libseccomp lacks all that is named.',
    explains: ({ abi, ourAnswer, rules, cutoffs }) =>
      abi !== undefined &&
      ourAnswer === ENOSYS &&
      !cutoffs.has(abi.name) &&
      rules.some(({ names }) => names.some((each) => isLacking(abi.name, each))),
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['file_getattr'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: '−1 on x86_64',
    reason:
      'It is no call, and answers ENOSYS here. runc takes it for one of x32, and where x32 is not decided asks libseccomp.',
    explains: ({ abi, call, ourAnswer, theirAnswer }) =>
      abi?.name === 'x86_64' && call.number === 0xffff_ffff && [ourAnswer, theirAnswer].includes(ENOSYS),
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['close'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64'],
  },
  {
    name: 'numbers above 2³¹ of x86_64',
    reason: 'All numbers from 2³⁰ on but −1 are those of x32 here, as in libseccomp. runc looks at bit 30 only.',
    explains: ({ call }) =>
      call.arch === abiOf('x86_64').audit && call.number >= 0x8000_0000 && (call.number & 0x4000_0000) === 0,
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['close'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64'],
  },
  {
    name: 'the number that is not loaded',
    reason:
      'Where the first name in its order is one that the ABI lacks or that only socketcall or ipc makes, libseccomp 2.6.0 ' +
      'compares numbers with the ABI, which it has loaded before, and so answers for all calls as for one of that number.',
    explains: ({ abi, theirs, call, theirAnswer }) =>
      abi !== undefined &&
      !loadsNumber(theirs, abi) &&
      interpret(theirs, { ...call, number: abi.audit }, abi.endian).value === theirAnswer,
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['socketcall'], action: 'SCMP_ACT_KILL' },
        { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 5, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    abis: ['x86_64', 'x32'],
  },
  {
    name: 'upper halves',
    reason:
      'Of NE, LT and LE with equal upper halves of their values, libseccomp takes the rule that it was given first where the ' +
      'upper half of the argument decides alone, and elsewhere the first in its own order, as this package always does.',
    explains: ({ abi, name, policy, rules, call, ourAnswer, theirAnswer }) => {
      const holding = actionsThatHold(policy, abi, call).map(returnValue);
      if (!holding.includes(ourAnswer) || !holding.includes(theirAnswer)) return false;
      const [first] = rules.filter((rule) => rule.names.some((each) => each === name));
      const [argument] = first?.args ?? [];
      if (first === undefined || argument === undefined) return false;
      const isOfHalves = ['SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE'].includes(argument.op);
      const upper = (value: bigint | number | undefined) => BigInt(value ?? 0) >> 32n;
      return (
        isOfHalves &&
        returnValue(actionOf(first)) === theirAnswer &&
        upper(call.args[argument.index]) !== upper(argument.value)
      );
    },
    example: {
      defaultAction: 'SCMP_ACT_KILL_PROCESS',
      syscalls: [
        {
          names: ['mmap'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 38,
          args: [{ index: 0, value: 4, op: 'SCMP_CMP_NE' }],
        },
        { names: ['mmap'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, args: [{ index: 0, value: 5, op: 'SCMP_CMP_NE' }] },
      ],
    },
    abis: ['x86_64'],
  },
  {
    name: 'rules in conflict',
    reason:
      'Where conditions of several actions hold, this package takes the most restrictive action, and libseccomp the first in its own order.',
    explains: ({ abi, policy, call, ourAnswer, theirAnswer }) => {
      const holding = actionsThatHold(policy, abi, call).map(returnValue);
      return holding.includes(ourAnswer) && holding.includes(theirAnswer);
    },
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['brk'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 16, op: 'SCMP_CMP_NE' }] },
        { names: ['brk'], action: 'SCMP_ACT_KILL_PROCESS', args: [{ index: 0, value: 10, op: 'SCMP_CMP_EQ' }] },
      ],
    },
    abis: ['x86_64'],
  },
];

/** Why libseccomp refuses rules that mean something here. Nothing else is refused that is not refused here too. */
export const REFUSAL: {
  readonly reason: string;
  readonly explains: (name: string, rules: readonly Rule[], policy: Policy) => boolean;
  readonly example: ProfileDocument;
  readonly abis: readonly AbiName[];
} = {
  reason:
    'On ABIs with socketcall and ipc libseccomp makes of a rule on socket one on socketcall, whose first argument takes ' +
    'the place of the first of socket. What differed in that alone is then the same, and with another action File exists.',
  /** Whether this is why it refuses one of `rules` on `name`. */
  explains: (name, rules, { abis }) => {
    const [multiplexer, subcalls] = [...SUBCALLS].find(([call, made]) => call === name || isIn(made, name)) ?? [];
    if (multiplexer === undefined || subcalls === undefined) return false;
    if (!abis.some(({ abi }) => syscallNumber(abi.name, multiplexer) !== undefined)) return false;
    const isAbout = (other: string) =>
      other === name || other === multiplexer || (name === multiplexer && isIn(subcalls, other));
    const values = rules.filter(({ names }) => names.some(isAbout)).map((rule) => returnValue(actionOf(rule)));
    return new Set(values).size > 1;
  },
  example: {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
      { names: ['socket'], action: 'SCMP_ACT_KILL', args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }] },
    ],
  },
  abis: ['x86_64', 'x86'],
};

function isIn(subcalls: ReadonlyMap<number, string>, name: string): boolean {
  return [...subcalls.values()].includes(name);
}

/** Whether libseccomp has no number for a name, not even a pseudo number. */
function isLacking(abi: AbiName, name: string): boolean {
  return libseccompNumbers(abi).get(name) === -1 && syscallNumber(abi, name) !== undefined;
}

/** The first difference that explains a disagreement. */
export function explain(comparison: Comparison, call: PolicyCall, ourAnswer: number, theirAnswer: number) {
  const { abi } = comparison.policy.abis.find(({ abi }) => isOf(abi, call)) ?? {};
  const name = abi === undefined ? undefined : syscallName(abi.name, call.number);
  const disagreement = { ...comparison, call, ourAnswer, theirAnswer, abi, name };
  return DIFFERENCES.find(({ explains }) => explains(disagreement));
}

function isOf(abi: Abi, call: PolicyCall): boolean {
  if (abi.audit !== call.arch) return false;
  return !['x86_64', 'x32'].includes(abi.name) || isX32(call.number) === (abi.name === 'x32');
}

/** Whether, after the test of the ABI, a program tests the number, or returns one action for all numbers. */
function loadsNumber(program: readonly Instruction[], { audit }: Abi): boolean {
  const asks = program.findIndex(({ code, k }) => code === BPF.jeq && k === audit);
  const next = program[asks + 1 + (program[asks]?.jt ?? 0)];
  return next?.code === BPF.ret || (next?.code === BPF.ld && next.k === NR_OFFSET);
}

function answer(policy: Policy, call: PolicyCall): number {
  return returnValue(evaluate(policy, call));
}

function low32(args: readonly bigint[]): readonly bigint[] {
  return args.map((value) => BigInt.asUintN(32, value));
}

/** The actions of all decisions whose conditions hold, not of the first one only. */
function actionsThatHold(policy: Policy, abi: Abi | undefined, call: PolicyCall): readonly Action[] {
  const decisions = policy.abis.find((each) => each.abi === abi)?.syscalls.get(call.number) ?? [];
  const NEVER: Action = { kind: 'trace', message: 0xffff };
  return decisions
    .map((decision) => {
      const syscalls = new Map([[call.number, [decision]]]);
      const abis = policy.abis.map((each) => (each.abi === abi ? { abi: each.abi, syscalls } : each));
      return evaluate({ ...policy, abis, defaultAction: NEVER }, call);
    })
    .filter((action) => action !== NEVER);
}

function numbered(first: number, names: string): readonly (readonly [number, string])[] {
  return names.split(' ').map((name, i) => [first + i, name] as const);
}

/** The call that is made through socketcall or ipc; ipc has a version above its number. */
function subcallOf(name: string | undefined, { args }: PolicyCall): string | undefined {
  return SUBCALLS.get(name)?.get(Number(BigInt.asUintN(name === 'ipc' ? 16 : 32, args[0] ?? 0n)));
}

/** What socketcall and ipc stand for, by their first argument. Source: linux/net.h, linux/ipc.h. */
const SUBCALLS: ReadonlyMap<string | undefined, ReadonlyMap<number, string>> = new Map([
  [
    'socketcall',
    new Map([
      ...numbered(1, 'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom'),
      ...numbered(13, 'shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'),
    ]),
  ],
  [
    'ipc',
    new Map([
      ...numbered(1, 'semop semget semctl semtimedop'),
      ...numbered(11, 'msgsnd msgrcv msgget msgctl'),
      ...numbered(21, 'shmat shmdt shmget shmctl'),
    ]),
  ],
]);
