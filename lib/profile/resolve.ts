/** Resolves a profile for a host: names become numbers, conditions on the host are settled, and a policy remains. */
import { compareRestriction } from '../policy/action.js';
import type { AbiPolicy, Action, Condition, Decision, Policy } from '../policy/policy.js';
import { type Abi, type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentWidth, syscallNumber } from '../syscalls/table.js';
import {
  type ActionName,
  ARCHITECTURES,
  type Argument,
  type CheckedDocument,
  type Finding,
  type Rule,
} from './document.js';
import type { Profile } from './profile.js';

/** What a profile is resolved against. */
export interface Host {
  /** The native ABI. */
  readonly abi: AbiName;
  /** Kernel version, the two numbers that `minKernel` compares. */
  readonly kernel: { readonly major: number; readonly minor: number };
  /** Capabilities that the process holds, `CAP_…`. */
  readonly capabilities: ReadonlySet<string>;
  /** ABIs to decide, instead of those that the profile names. The native one always is. */
  readonly abis?: readonly AbiName[];
}

/**
 * Makes the policy of `profile` on `host`.
 * @throws ProfileError for what only shows on a host: a value that does not fit its argument, for example.
 */
export function resolve(profile: Profile, host: Host): Policy {
  const { document } = profile;
  const findings: Finding[] = [];
  const defaultAction = actionOf(document.defaultAction, document.defaultErrnoRet, ['defaultErrnoRet'], findings);
  const rules = (document.syscalls ?? []).flatMap((rule, i) => {
    if (!applies(rule, host)) return [];
    const keys = ['syscalls', i] as const;
    refuseRepeatedIndex(rule, keys, findings);
    return [{ rule, keys, action: actionOf(rule.action, rule.errnoRet, [...keys, 'errnoRet'], findings) }];
  });
  const abis = abisOf(document, host, findings).map((name) => abiPolicy(abiOf(name), rules, findings));
  if (findings.length > 0) throw profile.error(unique(findings));
  return { abis, defaultAction, foreignAction: { kind: 'kill-process' } };
}

interface HostRule {
  readonly rule: Rule;
  readonly keys: readonly [string, number];
  readonly action: Action;
}

/** The native ABI, then those that the profile or the host adds. */
function abisOf({ architectures, archMap }: CheckedDocument, host: Host, findings: Finding[]): readonly AbiName[] {
  if ((architectures?.length ?? 0) > 0 && (archMap?.length ?? 0) > 0) {
    findings.push({ keys: ['archMap'], message: 'stands beside architectures: use one of the two' });
  }
  if (host.abis !== undefined) return [...new Set([host.abi, ...host.abis])];
  const native = archMap?.find(({ architecture }) => ARCHITECTURES.get(architecture) === host.abi);
  const names = [...(architectures ?? []), ...(native?.subArchitectures ?? [])];
  return [...new Set([host.abi, ...names.flatMap((name) => ARCHITECTURES.get(name) ?? [])])];
}

/** Excludes first: any hit drops the rule. Then includes: all must hold. Source: moby/profiles, seccomp_linux.go. */
function applies({ includes, excludes }: Rule, host: Host): boolean {
  const arch = abiOf(host.abi).docker;
  if (excludes) {
    if (excludes.arches?.includes(arch)) return false;
    if (excludes.caps?.some((name) => host.capabilities.has(name))) return false;
    if (excludes.minKernel && isAtLeast(host, excludes.minKernel)) return false;
  }
  if (includes) {
    if (includes.arches?.length && !includes.arches.includes(arch)) return false;
    if (!(includes.caps ?? []).every((name) => host.capabilities.has(name))) return false;
    if (includes.minKernel && !isAtLeast(host, includes.minKernel)) return false;
  }
  return true;
}

function isAtLeast({ kernel }: Host, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

function actionOf(
  name: ActionName,
  data: number | null | undefined,
  keys: Finding['keys'],
  findings: Finding[],
): Action {
  const simple = SIMPLE_ACTIONS.get(name);
  if (simple === undefined) {
    const EPERM = 1;
    return name === 'SCMP_ACT_TRACE'
      ? { kind: 'trace', message: data ?? EPERM }
      : { kind: 'errno', errno: data ?? EPERM };
  }
  if (data !== undefined && data !== null) findings.push({ keys, message: `${name} returns no errno: leave it out` });
  return simple;
}

const SIMPLE_ACTIONS: ReadonlyMap<ActionName, Action> = new Map([
  ['SCMP_ACT_ALLOW', { kind: 'allow' }],
  ['SCMP_ACT_KILL', { kind: 'kill-thread' }],
  ['SCMP_ACT_KILL_THREAD', { kind: 'kill-thread' }],
  ['SCMP_ACT_KILL_PROCESS', { kind: 'kill-process' }],
  ['SCMP_ACT_LOG', { kind: 'log' }],
  ['SCMP_ACT_NOTIFY', { kind: 'notify' }],
  ['SCMP_ACT_TRAP', { kind: 'trap' }],
]);

/** Container runtimes turn such a rule into alternatives, and authors mean both: neither is guessed here. */
function refuseRepeatedIndex({ args }: Rule, keys: readonly [string, number], findings: Finding[]): void {
  (args ?? []).forEach(({ index }, i) => {
    if ((args ?? []).findIndex((other) => other.index === index) === i) return;
    const message = `argument ${index} is compared twice in one rule: for alternatives write two rules`;
    findings.push({ keys: [...keys, 'args', i, 'index'], message });
  });
}

function abiPolicy(abi: Abi, rules: readonly HostRule[], findings: Finding[]): AbiPolicy {
  const byNumber = new Map<number, Decision[]>();
  for (const { rule, keys, action } of rules) {
    for (const name of rule.names) {
      const number = syscallNumber(abi.name, name);
      if (number === undefined) continue;
      const conditions = (rule.args ?? []).map((argument, i) =>
        conditionOf(argument, abi, name, [...keys, 'args', i, 'value'], findings),
      );
      const decisions = byNumber.get(number) ?? [];
      decisions.push({ conditions, action });
      byNumber.set(number, decisions);
    }
  }
  return { abi, syscalls: new Map([...byNumber].map(([number, decisions]) => [number, inOrder(decisions)])) };
}

/**
 * The first unconditional decision wins over everything. Among conditional ones the most restrictive is tried first, so
 * that where two overlap it is taken.
 */
function inOrder(decisions: readonly Decision[]): readonly Decision[] {
  const unconditional = decisions.find(({ conditions }) => conditions.length === 0);
  if (unconditional !== undefined) return [unconditional];
  return decisions.toSorted((a, b) => compareRestriction(a.action, b.action));
}

/** Compares as many bits as the kernel reads of this argument on this ABI. */
function conditionOf(
  argument: Argument,
  abi: Abi,
  syscall: string,
  keys: Finding['keys'],
  findings: Finding[],
): Condition {
  const { index, value, valueTwo } = argument;
  const width = argumentWidth(abi.name, syscall, index);
  for (const number of [value, valueTwo ?? 0n]) {
    if (BigInt.asUintN(width, number) === number) continue;
    const message =
      `${number} does not fit: on ${abi.name} the kernel reads ${width} bits of argument ${index} of ${syscall}, ` +
      `so the largest value is ${(1n << BigInt(width)) - 1n}`;
    findings.push({ keys, message });
  }
  if (argument.op === 'SCMP_CMP_MASKED_EQ') {
    return { index, width, op: 'masked-eq', mask: value, value: (valueTwo ?? 0n) & value };
  }
  return { index, width, op: COMPARISONS[argument.op], value };
}

const COMPARISONS = {
  SCMP_CMP_EQ: 'eq',
  SCMP_CMP_NE: 'ne',
  SCMP_CMP_LT: 'lt',
  SCMP_CMP_LE: 'le',
  SCMP_CMP_GT: 'gt',
  SCMP_CMP_GE: 'ge',
} as const;

/** One finding shows once, though several ABIs or names lead to it. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.keys.join('.')} ${finding.message}`, finding])).values()];
}
