/** Asks the kernel about calls, by native/napi/probe.cc: which filters are put on, and what the answers mean. */
import { constants } from 'node:os';
import { SeccompError } from '../errors.js';
import { BPF } from '../filter/bpf/instruction.js';
import { compilePolicy } from '../filter/compile.js';
import type { Filter } from '../filter/filter.js';
import { addon } from '../native.js';
import { actionOf } from '../policy/action.js';
import type { Action, Policy } from '../policy/policy.js';
import { systemError } from '../sandbox/child/start-errors.js';
import { attachError, filterRequest } from '../sandbox/spawn.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { errnos } from '../syscalls/errno.js';
import { has } from '../util/own-data.js';
import type { NamedCall, ProbeAnswer } from './calls.js';

type Outcome = Pick<ProbeAnswer, 'outcome' | 'errno'>;

/** What native/napi/probe.cc says of a call; it has the same numbers. */
interface Answer {
  readonly kind: number;
  readonly value: number;
}
const RETURNED = 0;
const ENDED = 1;
const TRAPPED = 2;
const TRACED = 3;

/** Whatever the filters deny, the next one is put on, and the process ends by itself. */
const BASE_GATE = ['seccomp', 'exit_group'];
const PROFILE_GATE = ['exit_group'];

/** What the kernel does with each of `calls` under a filter of `policy`. */
export function ask(policy: Policy, calls: readonly NamedCall[], native: AbiName): readonly Outcome[] {
  if (policy.abis[0]?.abi.name !== native) {
    const message = `the filter is for ${policy.abis[0]?.abi.name} and this machine is ${native}: compile it for this one`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
  }
  const filter = compilePolicy(policy, { gate: PROFILE_GATE });
  const errno = unused(filter, 'errno', 4095);
  const base = denyingAll(native, { kind: 'errno', errno });
  const isDenied = (answer?: Answer) => answer?.kind === RETURNED && answer.value === -errno;

  // Asked without the profile first: some calls the kernel asks no filter about, and some another filter decides.
  const twins = make([base], calls);
  const heeded = calls.map((call, i) => isDenied(twins[i]) || refuseUnaskable(call, twins[i]));
  const answers = make([base, filter], calls, heeded);
  const passed = answers.map((answer) => isDenied(answer));
  const isSupervised = returnsOf(filter).some(({ kind }) => kind === 'notify' || kind === 'trace');
  const traced = isSupervised ? askTracer(native, filter, calls, passed) : [];
  return answers.map((answer, i) => traced[i] ?? (answer === undefined || passed[i] ? ALLOWED : outcomeOf(answer)));
}

export const ALLOWED = without('allowed');

/**
 * Tells apart what is less strict than an errno. Here the base asks a tracer. Notifying is stricter, and as nobody listens the
 * call fails; of two filters that ask a tracer the profile's is heard, so the base's own message says that it allows.
 */
function askTracer(native: AbiName, filter: Filter, calls: readonly NamedCall[], which: readonly boolean[]) {
  const message = unused(filter, 'trace', 0xffff);
  const base = denyingAll(native, { kind: 'trace', message });
  return make([base, filter], calls, which, true).map((answer): Outcome | undefined => {
    if (answer === undefined) return undefined;
    if (answer.kind !== TRACED) return without('notified');
    return answer.value === message ? ALLOWED : without('traced');
  });
}

/** A filter that denies all calls by one action, on all ABIs. */
function denyingAll(native: AbiName, action: Action): Filter {
  const abis = [{ abi: abiOf(native), syscalls: new Map<number, never>() }];
  return compilePolicy({ abis, defaultAction: action, foreignAction: action }, { gate: BASE_GATE });
}

/** The largest errno or message that the filter does not return. */
function unused(filter: Filter, kind: 'errno' | 'trace', largest: number): number {
  const used = new Set(returnsOf(filter).map((action) => (action.kind === 'errno' ? action.errno : messageOf(action))));
  for (let value = largest; value > 0; value--) if (!used.has(value)) return value;
  const message = `the profile uses each ${kind === 'errno' ? 'errno' : 'message'} from 1 to ${largest}: none is left to tell it by`;
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

const messageOf = (action: Action) => (action.kind === 'trace' ? action.message : undefined);

const returnsOf = ({ instructions }: Filter): readonly Action[] =>
  instructions.filter(({ code }) => code === BPF.ret).map(({ k }) => actionOf(k));

/** Makes those of `calls` that `which` names, under `filters`. */
function make(
  filters: readonly Filter[],
  calls: readonly NamedCall[],
  which: readonly boolean[] = calls.map(() => true),
  traced = false,
): readonly (Answer | undefined)[] {
  const made = calls.filter((_, i) => which[i]);
  const request = { ...filterRequest(filters, {}), noNewPrivileges: true };
  const answers = addon().probe(request, registersOf(made), traced);
  if (has(answers, 'error')) {
    throw attachError(answers) ?? systemError(answers.error, answers.call);
  }
  let next = 0;
  return which.map((asked) => {
    if (!asked) return undefined;
    const at = 2 * next++;
    return { kind: answers[at] ?? ENDED, value: answers[at + 1] ?? 0 };
  });
}

/** How native/napi/probe.cc reads calls: whether by int 0x80, the number, six arguments. */
function registersOf(calls: readonly NamedCall[]): BigUint64Array {
  return BigUint64Array.from(
    calls.flatMap(({ abi, number, args }) => [abi === 'x86' ? 1n : 0n, BigInt(number), ...args]),
  );
}

/**
 * False for a call that the kernel carries out without asking a filter: uprobe and uretprobe of x86_64, which do nothing here.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED if `answer`, that of a process which denies all calls, tells of something else.
 */
function refuseUnaskable({ text, abi }: NamedCall, answer: Answer | undefined): false {
  const unaskable = (why: string) => new SeccompError('ERR_SECCOMP_UNSUPPORTED', `${text}: ${why}`);
  const { SIGSYS, SIGSEGV } = constants.signals;
  const signal = answer?.kind === ENDED ? answer.value : undefined;
  if (answer?.kind === TRAPPED || signal === SIGSYS)
    throw unaskable('a filter that is on this process already ends whoever makes this call; ask outside of it');
  if (abi === 'x86' && signal === SIGSEGV)
    throw unaskable('this kernel runs no x86 calls (CONFIG_IA32_EMULATION); ask about x86_64 only');
  return false;
}

function outcomeOf({ kind, value }: Answer): Outcome {
  if (kind === TRAPPED) return without('trapped');
  if (kind !== RETURNED) return without('killed');
  return { outcome: 'errno', errno: nameOf(-value) };
}

/** Other outcomes have an errno of their own too, undefined: `Object.prototype` may have one. */
function without(outcome: Outcome['outcome']): Outcome {
  return { outcome, errno: undefined };
}

function nameOf(errno: number): string {
  return [...errnos()].find(([, number]) => number === errno)?.[0] ?? String(errno);
}
