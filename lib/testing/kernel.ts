/**
 * Finds the kernel's answer to a call without carrying out the call. The process that makes the call has two filters:
 * the profile's, and before it a base filter, which denies every call with an errno that the profile does not return.
 * Of two filters' results the kernel takes the more restrictive one, and of two errnos that of the filter which was
 * attached last (seccomp(2)). So the base filter's errno means that the profile allows the call, and any other errno is
 * the profile's, since no call is executed, so none fails for a reason of its own. native/napi/probe.cc makes the
 * calls.
 */
import { constants } from 'node:os';
import { SeccompError } from '../errors.js';
import { BPF } from '../filter/bpf/instruction.js';
import { compileFilter } from '../filter/compile.js';
import type { CompiledFilter } from '../filter/filter.js';
import { addon } from '../native.js';
import { actionOf } from '../policy/action.js';
import type { Action, Policy } from '../policy/policy.js';
import { toNativeFilters } from '../sandbox/child/native-request.js';
import { attachError } from '../sandbox/child/start-errors.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { MAX_ERRNO, namesByNumber } from '../syscalls/errno.js';
import { has } from '../util/own-data.js';
import { systemError } from '../util/system-error.js';
import type { NamedCall, ProbeAnswer } from './calls.js';

type KernelOutcome = Pick<ProbeAnswer, 'outcome' | 'errno'>;

/** What native/napi/probe.cc reports of a call. The numbers are those of its enum Outcome. */
interface NativeAnswer {
  readonly kind: number;
  /** The return value, the signal, or the filter's 16 bits of data. */
  readonly value: number;
}
const RETURNED = 0;
const ENDED = 1;
const TRAPPED = 2;
const TRACED = 3;

/** Calls that the exec gate lets through: to attach the next filter, and to end the process. */
const BASE_GATE = ['seccomp', 'exit_group'];
const PROFILE_GATE = ['exit_group'];

/**
 * Returns what the kernel does with each call under a filter of `policy`.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if the policy is for another CPU, or a call can't be tested here.
 */
export function kernelOutcomes(policy: Policy, calls: readonly NamedCall[], native: AbiName): readonly KernelOutcome[] {
  const target = policy.abis[0]?.abi.name;
  if (target !== native) {
    const message = `the filter is for ${target} and this machine is ${native}: compile it for this one`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
  }
  const filter = compileFilter(policy, { gate: PROFILE_GATE });
  const errno = unusedData(filter, 'errno', MAX_ERRNO);
  const base = denyingAll(native, { kind: 'errno', errno });
  const isByBase = (answer?: NativeAnswer) => answer?.kind === RETURNED && answer.value === -errno;

  // First without the profile: a few calls are not filtered at all, and others are decided by a filter of this process.
  const withoutProfile = makeCalls([base], calls);
  const isFiltered = calls.map((call, i) => isByBase(withoutProfile[i]) || refuseUntestable(call, withoutProfile[i]));
  const answers = makeCalls([base, filter], calls, isFiltered);
  const isPassed = answers.map((answer) => isByBase(answer));
  const mayDefer = returnedActions(filter).some(({ kind }) => kind === 'notify' || kind === 'trace');
  const deferred = mayDefer ? outcomesUnderTracer(native, filter, calls, isPassed) : [];
  return answers.map(
    (answer, i) => deferred[i] ?? (answer === undefined || isPassed[i] ? ALLOWED_OUTCOME : outcomeOf(answer)),
  );
}

export const ALLOWED_OUTCOME: KernelOutcome = { outcome: 'allowed' };

/**
 * Distinguishes the actions that are less restrictive than an errno: `trace`, `notify`, and those that allow. Here the
 * base filter returns `trace` with a message that the profile does not use. `notify` is more restrictive, and without a
 * listener the call fails. Of two filters that return `trace`, the message is that of the profile.
 */
function outcomesUnderTracer(
  native: AbiName,
  filter: CompiledFilter,
  calls: readonly NamedCall[],
  which: readonly boolean[],
) {
  const message = unusedData(filter, 'trace', 0xffff);
  const base = denyingAll(native, { kind: 'trace', message });
  return makeCalls([base, filter], calls, which, true).map((answer): KernelOutcome | undefined => {
    if (answer === undefined) return undefined;
    if (answer.kind !== TRACED) return { outcome: 'notified' };
    return answer.value === message ? ALLOWED_OUTCOME : { outcome: 'traced' };
  });
}

/** Compiles a filter that returns one action for all calls, on all ABIs. */
function denyingAll(native: AbiName, action: Action): CompiledFilter {
  const abis = [{ abi: abiOf(native), syscalls: new Map<number, never>() }];
  return compileFilter({ abis, defaultAction: action, foreignAction: action }, { gate: BASE_GATE });
}

/** Returns the largest errno or trace message that the filter does not return. */
function unusedData(filter: CompiledFilter, kind: 'errno' | 'trace', largest: number): number {
  const used = new Set(returnedActions(filter).map(dataOf));
  for (let value = largest; value > 0; value--) if (!used.has(value)) return value;
  const name = kind === 'errno' ? 'errno' : 'message';
  const message = `the profile uses each ${name} from 1 to ${largest}: the probe needs an unused one`;
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

function dataOf(action: Action): number | undefined {
  if (action.kind === 'errno') return action.errno;
  return action.kind === 'trace' ? action.message : undefined;
}

function returnedActions({ instructions }: CompiledFilter): readonly Action[] {
  return instructions.filter(({ code }) => code === BPF.ret).map(({ k }) => actionOf(k));
}

/** Makes those of `calls` that `which` marks, under `filters`. The others have no answer. */
function makeCalls(
  filters: readonly CompiledFilter[],
  calls: readonly NamedCall[],
  which: readonly boolean[] = calls.map(() => true),
  isTraced = false,
): readonly (NativeAnswer | undefined)[] {
  const made = calls.filter((_, i) => which[i]);
  const request = toNativeFilters({ filters, flags: [], supervision: undefined, agent: undefined }, true);
  const answers = addon().probe(request, callWords(made), isTraced);
  if (has(answers, 'error')) throw attachError(answers) ?? systemError(answers.error, answers.call);
  let next = 0;
  return which.map((isMade) => {
    if (!isMade) return undefined;
    const at = 2 * next++;
    return { kind: answers[at] ?? ENDED, value: answers[at + 1] ?? 0 };
  });
}

/** Returns the words of native/napi/probe.cc's struct Call: whether to use int 0x80, the number, six arguments. */
function callWords(calls: readonly NamedCall[]): BigUint64Array {
  return BigUint64Array.from(
    calls.flatMap(({ abi, number, args }) => [abi === 'x86' ? 1n : 0n, BigInt(number), ...args]),
  );
}

/**
 * Returns false for a call that the kernel does not filter: uprobe and uretprobe of x86_64, which do nothing here.
 *
 * @param answer - The answer under the base filter alone, if it is not that filter's.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if the answer has another reason.
 */
function refuseUntestable({ text, abi }: NamedCall, answer: NativeAnswer | undefined): false {
  const untestable = (why: string) => new SeccompError('ERR_SECCOMP_UNSUPPORTED', `${text}: ${why}`);
  const { SIGSYS, SIGSEGV } = constants.signals;
  const signal = answer?.kind === ENDED ? answer.value : undefined;
  if (answer?.kind === TRAPPED || signal === SIGSYS)
    throw untestable('a filter of this process kills any process that makes this call: test it without that filter');
  if (abi === 'x86' && signal === SIGSEGV)
    throw untestable('this kernel does not support x86 calls (CONFIG_IA32_EMULATION): test x86_64 only');
  return false;
}

function outcomeOf({ kind, value }: NativeAnswer): KernelOutcome {
  if (kind === TRAPPED) return { outcome: 'trapped' };
  if (kind !== RETURNED) return { outcome: 'killed' };
  return { outcome: 'errno', errno: nameOrDigits(-value) };
}

function nameOrDigits(errno: number): string {
  return namesByNumber().get(errno) ?? String(errno);
}
