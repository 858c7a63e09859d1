/** Where our filters decide otherwise than libseccomp's, each with its reason. Nothing else may differ. */

import type { Instruction } from '../../lib/filter/instruction.js';
import { interpret } from '../../lib/filter/interpret.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import { type Action, type Call, isX32, type Policy } from '../../lib/policy/policy.js';
import type { ProfileDocument, Rule } from '../../lib/profile/document.js';
import type { Abi, AbiName } from '../../lib/syscalls/abi.js';
import { argumentWidth, syscallName } from '../../lib/syscalls/table.js';
import { actionOf, libseccompFilter } from '../support/libseccomp.js';

/** A profile on a host, as both read it. */
export interface Comparison {
  readonly policy: Policy;
  /** The policy of the rules that runc tells libseccomp of. */
  readonly runcPolicy: Policy;
  /** The rules that hold on the host. */
  readonly rules: readonly Rule[];
  /** libseccomp's program. */
  readonly theirs: readonly Instruction[];
}

/** A call that the two decide differently. */
export interface Disagreement extends Comparison {
  readonly call: Call;
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
    reason: 'Calls of another ABI kill the process here. libseccomp kills the thread, unless it is told otherwise.',
    explains: ({ abi, ourAnswer, theirAnswer }) =>
      abi === undefined && ourAnswer === returnValue({ kind: 'kill-process' }) && theirAnswer === 0,
    example: { defaultAction: 'SCMP_ACT_ERRNO' },
    abis: ['x86_64'],
  },
  {
    name: 'width of arguments',
    reason: 'What the kernel reads of a register is compared here. libseccomp compares all 64 bits, on 32-bit ABIs 32.',
    explains: ({ abi, name, theirs, call, ourAnswer }) => {
      if (abi === undefined || name === undefined) return false;
      const args = call.args.map((value, index) => BigInt.asUintN(argumentWidth(abi.name, name, index), value));
      return interpret(theirs, { ...call, args }, abi.endian).value === ourAnswer;
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
    name: 'socketcall and ipc',
    reason:
      'A rule on socket is one on that syscall here. libseccomp makes it one on socketcall too, for whatever arguments, ' +
      'since it can not see those; likewise for ipc.',
    explains: ({ name, rules, call, theirAnswer }) => {
      const subcall = SUBCALLS.get(name)?.get(Number(low32(call.args)[0]));
      return rules.some(
        (rule) => subcall !== undefined && rule.names.includes(subcall) && returnValue(actionOf(rule)) === theirAnswer,
      );
    },
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['socket', 'semget'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'newer syscalls',
    reason: 'libseccomp leaves out names that its table lacks; ours is of Linux 6.18.',
    explains: ({ abi, name, policy, theirAnswer }) =>
      abi !== undefined &&
      name !== undefined &&
      theirAnswer === returnValue(policy.defaultAction) &&
      !isKnownToLibseccomp(abi.name, name),
    example: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['file_getattr'], action: 'SCMP_ACT_ALLOW' }] },
    abis: ['x86_64', 'x86'],
  },
  {
    name: 'rules with the default action',
    reason: 'The first rule without conditions wins here. runc leaves out a rule whose action is the default one.',
    explains: ({ runcPolicy, call, theirAnswer }) => answer(runcPolicy, call) === theirAnswer,
    example: {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['getpid'], action: 'SCMP_ACT_ERRNO' },
        { names: ['getpid'], action: 'SCMP_ACT_ALLOW' },
      ],
    },
    abis: ['x86_64'],
  },
  {
    name: 'rules in conflict',
    reason:
      'Where conditions of several actions hold the most restrictive is taken here. libseccomp goes by its own order.',
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

/** The first difference that explains a disagreement. */
export function explain(comparison: Comparison, call: Call, ourAnswer: number, theirAnswer: number) {
  const { abi } = comparison.policy.abis.find(({ abi }) => isOf(abi, call)) ?? {};
  const name = abi === undefined ? undefined : syscallName(abi.name, call.number);
  const disagreement = { ...comparison, call, ourAnswer, theirAnswer, abi, name };
  return DIFFERENCES.find(({ explains }) => explains(disagreement));
}

function isOf(abi: Abi, call: Call): boolean {
  if (abi.audit !== call.arch) return false;
  return !['x86_64', 'x32'].includes(abi.name) || isX32(call.number) === (abi.name === 'x32');
}

function answer(policy: Policy, call: Call): number {
  return returnValue(evaluate(policy, call));
}

function low32(args: readonly bigint[]): readonly bigint[] {
  return args.map((value) => BigInt.asUintN(32, value));
}

/** The actions of all decisions whose conditions hold, not of the first one only. */
function actionsThatHold(policy: Policy, abi: Abi | undefined, call: Call): readonly Action[] {
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

/** Whether a rule on `name` makes a difference to libseccomp's program for the ABI. */
function isKnownToLibseccomp(abi: AbiName, name: string): boolean {
  const head = `default 50001\nnative ${abi}\n`;
  return libseccompFilter(`${head}rule 7fff0000 ${name}\n`).length > libseccompFilter(head).length;
}

function numbered(first: number, names: string): readonly (readonly [number, string])[] {
  return names.split(' ').map((name, i) => [first + i, name] as const);
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
