/** Explains a decision: which rule of the document took a call, why, and what would change it. */
import { SeccompError } from '../errors.js';
import { returnValue } from '../policy/action.js';
import { evaluate } from '../policy/evaluate.js';
import { type Action, type Call, decisionsOf, type Policy } from '../policy/policy.js';
import { EVERYTHING, example, outcomes } from '../policy/region.js';
import { ABIS, type AbiName, abiOf } from '../syscalls/abi.js';
import { argumentsOf, syscallNumber, syscallsOf } from '../syscalls/table.js';
import { namesOf, refusalsOf } from './builtin/form.js';
import { FORMS } from './builtin/index.js';
import type { CheckedDocument, Rule } from './document.js';
import { Profile } from './profile.js';
import { examine, type Host, resolve } from './resolve.js';
import { suggest } from './suggest.js';

/** A call, by name. */
export interface Question {
  readonly syscall: string;
  /** Up to six argument registers; those left out are 0. */
  readonly args?: readonly (number | bigint)[];
  /** Default: the host's native one. */
  readonly abi?: AbiName;
}

export interface Explanation {
  /** What the filter answers. */
  readonly action: Action;
  /** The rule that took the call; null: none did. */
  readonly rule: RuleReference | null;
  /** In words. */
  readonly why: string;
  /** What would lead to another answer. */
  readonly changes: readonly Change[];
}

export interface RuleReference {
  /** JSON path in the document: `syscalls[3]`. */
  readonly path: string;
  /** The rule's own comment. */
  readonly comment?: string;
  /** Place in the text, counted from 1; absent if the profile was given as an object. */
  readonly line?: number;
  readonly column?: number;
}

export interface Change {
  /** One fact of the host or the call: `with CAP_SYS_ADMIN`, `before Linux 4.8`, `with other arguments: …`. */
  readonly by: string;
  readonly action: Action;
}

/**
 * Explains what `profile` decides for a call on `host`.
 * @throws ProfileError as resolve does; SeccompError ERR_SECCOMP_OPTION for a call that can't be made.
 */
export function explainCall(profile: Profile, question: Question, host: Host): Explanation {
  const abi = question.abi ?? host.abi;
  const call = callOf(question, abi);
  const policy = resolve(profile, host);
  const action = evaluate(policy, call);
  const isDecided = policy.abis.some((decided) => decided.abi.name === abi);
  const taken = isDecided ? ruleTaking(profile, call, host, action) : undefined;
  return {
    action,
    rule: taken === undefined ? null : reference(profile, taken),
    why: taken === undefined ? whyNoRule(profile, policy, question.syscall, abi, action) : whyRule(profile, taken),
    changes: [
      ...hostChanges(profile, question.syscall, call, host, action),
      ...argumentChanges(policy, question.syscall, abi, call, action),
    ],
  };
}

/** @throws SeccompError ERR_SECCOMP_OPTION for a call that can't be made. */
export function callOf({ syscall, args = [] }: Question, abi: AbiName): Call {
  const number = ABIS.has(abi) ? syscallNumber(abi, syscall) : undefined;
  if (number === undefined) {
    const known = ABIS.has(abi) ? [...syscallsOf(abi).keys()] : [...ABIS.keys()];
    const what = ABIS.has(abi) ? `${abi} has no syscall ${syscall}` : `unknown ABI ${abi}`;
    throw new SeccompError('ERR_SECCOMP_OPTION', `${what}${suggest(ABIS.has(abi) ? syscall : abi, known)}`);
  }
  return { arch: abiOf(abi).audit, number, args: registers(args) };
}

/** Six registers; a negative number is what C makes of it. */
export function registers(args: readonly (number | bigint)[]): readonly bigint[] {
  const wrong = args.find((value) => typeof value === 'number' && !Number.isSafeInteger(value));
  if (args.length > 6 || wrong !== undefined) {
    const message = 'args are up to six whole numbers; those above 2⁵³ are bigints';
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  return [0, 1, 2, 3, 4, 5].map((i) => BigInt.asUintN(64, BigInt(args[i] ?? 0)));
}

/** A rule by its index in the document. */
type Numbered = readonly [index: number, rule: Rule];

/** Without conditions a rule outweighs all that have some; otherwise the first that leads to the action counts. */
function ruleTaking(profile: Profile, call: Call, host: Host, action: Action): Numbered | undefined {
  const taking = [...(profile.document.syscalls ?? []).entries()].filter(([, rule]) => {
    const alone = decideAlone(profile, rule, call, host);
    return alone !== undefined && returnValue(alone) === returnValue(action);
  });
  return taking.find(([, { args }]) => (args ?? []).length === 0) ?? taking[0];
}

/** What a rule decides if there is no other; undefined: it does not take the call. */
function decideAlone(profile: Profile, rule: Rule, call: Call, host: Host): Action | undefined {
  const isAllowing = rule.action === 'SCMP_ACT_ALLOW';
  // The default action tells whether the rule took the call, if it can not be mistaken for the rule's own.
  const rest = { ...profile.document, defaultErrnoRet: undefined };
  const document: CheckedDocument = {
    ...rest,
    defaultAction: isAllowing ? 'SCMP_ACT_KILL_PROCESS' : 'SCMP_ACT_ALLOW',
    syscalls: [rule],
  };
  // With that default the rule may be a mistake that it is not in the profile: so it is examined, not resolved.
  const action = evaluate(examine(new Profile(document, profile), host).policy, call);
  return (action.kind === 'allow') === isAllowing ? action : undefined;
}

function reference(profile: Profile, [index, { comment }]: Numbered): RuleReference {
  // The profile knows where its parts are for the sake of its errors.
  const issue = profile.error([{ keys: ['syscalls', index], message: '' }]).issues.at(-1);
  return {
    path: `syscalls[${index}]`,
    ...(typeof comment === 'string' ? { comment } : {}),
    ...(issue?.line === undefined ? {} : { line: issue.line }),
    ...(issue?.column === undefined ? {} : { column: issue.column }),
  };
}

function whyRule({ source }: Profile, [index, { comment }]: Numbered): string {
  const place = `syscalls[${index}] of ${source}`;
  return comment ? `${place}: ${comment}` : place;
}

function whyNoRule(
  { source, document }: Profile,
  policy: Policy,
  syscall: string,
  abi: AbiName,
  action: Action,
): string {
  if (!policy.abis.some((decided) => decided.abi.name === abi)) return `${source} does not decide calls of ${abi}`;
  if (returnValue(action) !== returnValue(policy.defaultAction)) return `it is newer than all that ${source} names`;
  const isNamed = (document.syscalls ?? []).some(({ names }) => names.includes(syscall));
  const rules = isNamed ? 'no rule that names it holds here' : `no rule of ${source} names it`;
  const form = FORMS.get(source);
  const refusal = form === undefined ? undefined : refusalsOf(form).find((each) => namesOf(each).includes(syscall));
  return refusal === undefined ? rules : `${rules}: ${refusal.why}`;
}

/**
 * What other facts of the host would change: capabilities and kernel versions that the rules on the syscall ask for. Nothing
 * where the profile would be refused.
 */
function hostChanges(profile: Profile, syscall: string, call: Call, host: Host, action: Action): readonly Change[] {
  const rules = (profile.document.syscalls ?? []).filter(({ names }) => names.includes(syscall));
  const asked = rules.flatMap(({ includes, excludes }) => [includes, excludes]);
  const capabilities = new Set(asked.flatMap((condition) => condition?.caps ?? []));
  const versions = new Set(asked.flatMap((condition) => condition?.minKernel || []));
  const others = [
    ...[...capabilities].map((name) => withCapability(host, name)),
    ...[...versions].map((version) => acrossVersion(host, version)),
  ];
  return others.flatMap(({ by, host }) => {
    const { policy, findings } = examine(profile, host);
    if (findings.some(({ severity }) => severity === 'error')) return [];
    const other = evaluate(policy, call);
    return returnValue(other) === returnValue(action) ? [] : [{ by, action: other }];
  });
}

interface OtherHost {
  readonly by: string;
  readonly host: Host;
}

/** The same host with the capability if it lacks it, else without. */
function withCapability(host: Host, name: string): OtherHost {
  const { capabilities } = host;
  if (!capabilities.has(name))
    return { by: `with ${name}`, host: { ...host, capabilities: new Set([...capabilities, name]) } };
  const fewer = new Set([...capabilities].filter((other) => other !== name));
  return { by: `without ${name}`, host: { ...host, capabilities: fewer } };
}

/** The same host with a kernel on the other side of the version. */
function acrossVersion(host: Host, version: string): OtherHost {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const { kernel } = host;
  const isOlder = kernel.major < major || (kernel.major === major && kernel.minor < minor);
  if (isOlder) return { by: `from Linux ${version} on`, host: { ...host, kernel: { major, minor } } };
  const before = minor > 0 ? { major, minor: minor - 1 } : { major: major - 1, minor: 255 };
  return { by: `before Linux ${version}`, host: { ...host, kernel: before } };
}

/** Every other action that some arguments lead to, each with an example. */
function argumentChanges(
  policy: Policy,
  syscall: string,
  abi: AbiName,
  { number }: Call,
  action: Action,
): readonly Change[] {
  const decided = policy.abis.find((each) => each.abi.name === abi);
  if (decided === undefined) return [];
  const decisions = decisionsOf(decided, number);
  const tested = new Set(decisions.flatMap(({ conditions }) => conditions.map(({ index }) => index)));
  const changes = new Map<number, Change>();
  for (const outcome of outcomes(EVERYTHING, decisions, policy.defaultAction)) {
    const value = returnValue(outcome.action);
    if (value === returnValue(action) || changes.has(value)) continue;
    const values = example(outcome.region);
    const words = [...tested].sort().map((i) => `${argumentName(abi, syscall, i)} = ${inHex(values[i] ?? 0n)}`);
    changes.set(value, { by: `with other arguments, such as ${words.join(', ')}`, action: outcome.action });
  }
  return [...changes.values()];
}

function argumentName(abi: AbiName, syscall: string, index: number): string {
  return argumentsOf(abi, syscall)?.[index]?.name ?? `argument ${index}`;
}

/** Flags are read in hexadecimal, small numbers are not. */
function inHex(value: bigint): string {
  return value < 256n ? String(value) : `0x${value.toString(16)}`;
}
