/** Explains decisions: which rule of a profile decided a call, why, and what would change the action. */

import { SeccompError } from '../errors.js';
import { returnValue } from '../policy/action.js';
import { exampleCall } from '../policy/diagrams/call-bits.js';
import { Diagrams, TooManySteps, TRUE } from '../policy/diagrams/decision-diagram.js';
import { type Outcome, outcomesOf } from '../policy/diagrams/policy-meanings.js';
import { decide, evaluate } from '../policy/evaluate.js';
import { type Action, decisionsOf, type Policy, type PolicyCall } from '../policy/policy.js';
import type { AbiName } from '../syscalls/abi.js';
import { argumentsOf, syscallName } from '../syscalls/table.js';
import { printableLine, shownName } from '../util/foreign-text.js';
import { compareKernelVersions, parseKernelVersion } from '../util/kernel-version.js';
import { memoize, once } from '../util/memo.js';
import { own } from '../util/own-data.js';
import { namesOf, refusalsOf } from './builtin/definition.js';
import { NO_VERSION } from './document/check-fields.js';
import { callOf, type ExplainQuery, readQuestion } from './explain-query.js';
import type { Profile } from './profile.js';
import { type Host, resolve, resolveWithDiagnostics } from './resolve/resolve.js';

/** What a profile decides for a call, and why. */
export interface Explanation {
  /** What the filter does with the call. */
  readonly action: Action;
  /** The rule that decided the call. Absent if no rule did. */
  readonly rule?: RuleReference;
  /** The reason, as a sentence for people. */
  readonly why: string;
  /** Changes of the host or the call, one at a time, that lead to another action. */
  readonly changes: readonly ExplainChange[];
}

/** Where a rule is. */
export interface RuleReference {
  /** JSON path in the document: `syscalls[3]`; `linux.seccomp.syscalls[3]` in a config.json of an OCI runtime. */
  readonly path: string;
  /** The rule's own comment. Absent if it has none. */
  readonly comment?: string;
  /** The line in the profile's text, from 1. Absent if the profile was not read from a text. */
  readonly line?: number;
  /** The column in that line, from 1. Absent if the profile was not read from a text. */
  readonly column?: number;
}

/** A change of one fact that leads to another action. */
export interface ExplainChange {
  /**
   * Which fact would change: the capabilities of the process, the kernel version, the arguments of the call, whether the
   * caller is isolated, whether its `paths` or its `network` are restricted, or what becomes of its `descendants`.
   */
  readonly kind: 'capability' | 'kernel' | 'arguments' | 'isolation' | 'paths' | 'network' | 'descendants';
  /** The change in words: `with CAP_SYS_ADMIN`, `before Linux 4.8`, `with other arguments, such as flags = 1`. */
  readonly by: string;
  /** The action that it leads to. */
  readonly action: Action;
}

/**
 * Explains what `profile` decides for a call on `host`.
 * @throws {ProfileError} as resolve does.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for a call that can't be made; ERR_SECCOMP_TOO_LARGE as outcomesOn does.
 */
export function explainCall(profile: Profile, asked: ExplainQuery, host: Host): Explanation {
  const question = readQuestion(asked);
  const abi = question.abi ?? host.abi;
  const call = callOf(question, abi);
  const explainer = explainerFor(profile, host);
  const { isNewer: _, ...reason } = explainer.explain(abi, question.syscall, call);
  return {
    ...reason,
    changes: [
      ...hostChanges(profile, question.syscall, call, host, reason.action),
      ...argumentChanges(explainer.policy(), question.syscall, abi, call, reason.action),
    ],
  };
}

/** The part of an explanation that concerns the call as it is. */
export interface Reason extends Pick<Explanation, 'action' | 'rule' | 'why'> {
  /** Whether the action is ENOSYS because the syscall is newer than every one that the profile names. */
  readonly isNewer: boolean;
}

/** Explains decisions of one profile on one host. Resolves the profile at most once. */
export interface Explainer {
  readonly profile: Profile;
  /** @throws {ProfileError} as resolve does. */
  policy(): Policy;
  /**
   * Explains the decision on `call`, whose name is `syscall`.
   * @throws {ProfileError} as resolve does.
   */
  explain(abi: AbiName, syscall: string, call: PolicyCall): Reason;
}

/** Returns an explainer. The profile is resolved at the first call of one of its methods. */
export function explainerFor(profile: Profile, host: Host): Explainer {
  const policy = once(() => resolve(profile, host));
  const referenceTo = memoize((index: number) => makeReference(profile, index));
  const whyDefaultOf = memoize((syscall: string) => whyDefault(profile, syscall));
  const explain = (abi: AbiName, syscall: string, call: PolicyCall): Reason => {
    const { action, by, rule: index } = decide(policy(), call);
    const rule = index === undefined ? undefined : referenceTo(index);
    // `resolve` makes ranges only for syscalls newer than the profile, and for numbers that belong to no syscall.
    const isNewer = by === 'range';
    return { action, ...(rule === undefined ? {} : { rule }), why: why(), isNewer };

    function why(): string {
      if (rule !== undefined) return whyRule(profile, rule);
      if (by === 'foreign') return `${shownName(profile.source)} does not cover the ABI ${abi} on ${host.abi}`;
      const isDefault = returnValue(action) === returnValue(policy().defaultAction);
      return isDefault
        ? whyDefaultOf(syscall)
        : `it is newer than every syscall that ${shownName(profile.source)} names`;
    }
  };
  return { profile, policy, explain };
}

function makeReference(profile: Profile, index: number): RuleReference {
  // Only the issues of a profile have positions, so this makes an issue for the rule.
  const [issue] = profile.issues([{ path: ['syscalls', index], message: '', severity: 'warning' }]);
  const { path = `syscalls[${index}]`, line, column } = issue === undefined ? {} : own(issue);
  const comment = profile.document.syscalls.at(index)?.comment;
  return {
    path,
    ...(comment === undefined ? {} : { comment }),
    ...(line === undefined || column === undefined ? {} : { line, column }),
  };
}

function whyRule({ source }: Profile, rule: RuleReference): string {
  const { path, comment } = own(rule);
  const place = `${shownName(source)}, ${path}`;
  return comment ? `${place}: ${printableLine(comment)}` : place;
}

/** Returns the reason why a call got the default action: no rule decided it. */
function whyDefault({ source, definition, document }: Profile, syscall: string): string {
  const isNamed = document.syscalls.some(({ names }) => names.includes(syscall));
  const rules = isNamed ? 'no rule that names it applies here' : `no rule of ${shownName(source)} names it`;
  const refusals = definition === undefined ? [] : refusalsOf(definition);
  const refusal = refusals.find((each) => namesOf(each).includes(syscall));
  return refusal === undefined ? rules : `${rules}: ${refusal.why}`;
}

/**
 * Finds changes of the host that lead to another action. Tries each capability and each kernel version that rules on
 * the syscall depend on. Skips hosts on which the profile has errors.
 */
function hostChanges(
  profile: Profile,
  syscall: string,
  call: PolicyCall,
  host: Host,
  action: Action,
): readonly ExplainChange[] {
  const rules = profile.document.syscalls.filter(({ names }) => names.includes(syscall));
  const conditions = rules.flatMap(({ includes, excludes }) => [includes, excludes]);
  const capabilities = new Set(conditions.flatMap((condition) => condition?.caps ?? []));
  const versions = new Set(
    conditions.flatMap((condition) => condition?.minKernel ?? []).filter((version) => version !== NO_VERSION),
  );
  const others = [
    ...[...capabilities].map((name) => withCapability(host, name)),
    ...[...versions].map((version) => acrossVersion(host, version)),
  ];
  return others.flatMap(({ kind, by, host }) => {
    const { policy, diagnostics } = resolveWithDiagnostics(profile, host);
    if (diagnostics.some(({ severity }) => severity === 'error')) return [];
    const other = evaluate(policy, call);
    return returnValue(other) === returnValue(action) ? [] : [{ kind, by, action: other }];
  });
}

/** A host that differs from the given one in one fact. */
interface OtherHost extends Pick<ExplainChange, 'kind' | 'by'> {
  readonly host: Host;
}

/** Adds a capability to a host that lacks it, or removes it from one that has it. */
function withCapability(host: Host, name: string): OtherHost {
  const { capabilities } = host;
  const kind = 'capability';
  if (!capabilities.has(name))
    return { kind, by: `with ${name}`, host: { ...host, capabilities: new Set([...capabilities, name]) } };
  const fewer = new Set([...capabilities].filter((other) => other !== name));
  return { kind, by: `without ${name}`, host: { ...host, capabilities: fewer } };
}

/** Moves the kernel of a host across a version: to this version if the kernel is older, else to the one before it. */
function acrossVersion(host: Host, text: string): OtherHost {
  const version = parseKernelVersion(text);
  const { major, minor } = version;
  const kind = 'kernel';
  if (compareKernelVersions(host.kernel, version) < 0)
    return { kind, by: `from Linux ${text} on`, host: { ...host, kernel: version } };
  const before = minor > 0 ? { major, minor: minor - 1 } : { major: major - 1, minor: 255 };
  return { kind, by: `before Linux ${text}`, host: { ...host, kernel: before } };
}

/**
 * The actions of a policy on a syscall, with the calls that get them.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if the argument rules on it are too intertwined.
 */
export function outcomesOn(policy: Policy, abi: AbiName, number: number, diagrams: Diagrams): readonly Outcome[] {
  const its = policy.abis.find((each) => each.abi.name === abi);
  if (its === undefined) return [{ action: policy.foreignAction, calls: TRUE }];
  const decisions = [...decisionsOf(its, number), { conditions: [], action: policy.defaultAction }];
  try {
    return outcomesOf(decisions, diagrams);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    const message = `the argument rules on ${syscallName(abi, number) ?? number} are too intertwined to be explained`;
    throw new SeccompError('ERR_SECCOMP_TOO_LARGE', `${message}: use fewer rules`);
  }
}

/** Finds changes of the arguments that lead to another action: one example for each other action. */
function argumentChanges(
  policy: Policy,
  syscall: string,
  abi: AbiName,
  { number }: PolicyCall,
  action: Action,
): readonly ExplainChange[] {
  const diagrams = new Diagrams();
  const others = outcomesOn(policy, abi, number, diagrams).filter(
    (outcome) => returnValue(outcome.action) !== returnValue(action),
  );
  const decisions = policy.abis.flatMap((each) => (each.abi.name === abi ? decisionsOf(each, number) : []));
  const tested = new Set(decisions.flatMap(({ conditions }) => conditions.map(({ index }) => index)));
  return others.map((outcome) => {
    const { args } = exampleCall(outcome.calls, diagrams);
    const words = [...tested].sort().map((i) => `${argumentName(abi, syscall, i)} = ${inHex(args[i] ?? 0n)}`);
    return { kind: 'arguments', by: `with other arguments, such as ${words.join(', ')}`, action: outcome.action };
  });
}

function argumentName(abi: AbiName, syscall: string, index: number): string {
  return argumentsOf(abi, syscall)?.at(index)?.name ?? `argument ${index}`;
}

/** Formats an argument. Values from 256 on are usually flags, and are written in hexadecimal. */
function inHex(value: bigint): string {
  return value < 256n ? String(value) : `0x${value.toString(16)}`;
}
