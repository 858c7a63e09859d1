/** Violations: calls that a profile did not allow, described for people. */
import { inspect } from 'node:util';
import { distinguishing } from '../../decode/captures.js';
import { decode } from '../../decode/decode.js';
import {
  callSiteOf,
  type ObservedCall,
  observedCall,
  type RecordedCall,
  recordedCall,
} from '../../decode/observed-call.js';
import type { PathsRemedy } from '../../landlock/denials/path-remedy.js';
import type { NativeKind } from '../../native.js';
import { actionOf, returnValue } from '../../policy/action.js';
import { denialOf } from '../../policy/confinement-denials.js';
import type { Denials } from '../../policy/denials.js';
import type { Action } from '../../policy/policy.js';
import { type Explainer, explainerFor, type RuleReference } from '../../profile/explainer.js';
import type { Profile } from '../../profile/profile.js';
import type { Host } from '../../profile/resolve/resolve.js';
import { argumentWidth, syscallNumber } from '../../syscalls/table.js';
import { once } from '../../util/memo.js';
import { own } from '../../util/own-data.js';
import { isFallback } from './fallback.js';

/** The diagnostics channel that each violation is published on, with the child. */
export const CHANNEL = 'seccomp:violation';

/** Called once for each kind of denied calls. */
export type OnViolation = (violation: Violation) => void;

/**
 * A kind of calls that are denied with an errno, and the first call of the kind. JSON and structuredClone keep all of
 * it. The kernel does not report a call that it answers with a kill or a trap.
 */
export interface Violation extends RecordedCall {
  /** The action that the filter returned for the call; for a file that `paths` does not grant, Landlock's errno. */
  readonly action: Action;
  /**
   * The absolute path that the call names, of which its links are not resolved. Undefined unless the option `reportPaths`
   * reports the call.
   */
  readonly path?: string | undefined;
  /** Whether programs expect this denial, and make an older call instead, or do without: ENOSYS for `clone3`, for example. */
  readonly fallback: boolean;
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  /** How many calls of the kind had been denied when this object was made. */
  readonly count: number;
  /**
   * What denied the call: a `profile`, by a rule or by its default action; a compiled `filter`; or, regardless of the
   * profiles, the `isolation` or the `supervision` of the child, its restriction to `paths`, or its option `network` or
   * `descendants`.
   */
  readonly deniedBy: 'profile' | 'filter' | 'isolation' | 'supervision' | 'paths' | 'network' | 'descendants';
  /** The source of the profile that denied the call; undefined if no profile did. */
  readonly profile?: string | undefined;
  /** The rule that denied the call; undefined if no rule did. */
  readonly rule?: RuleReference | undefined;
  /** The reason, as a sentence for people. */
  readonly why: string;
  /**
   * A rule in Docker's format that would allow such calls. If `rule` denies them, that rule has to change first.
   * Undefined if no rule would do: the syscall has no name; or an argument is above 2⁵³, which JSON does not keep; or
   * the call is denied by isolation, by supervision, by `network` or, whatever its files are, by `paths`. For a file that `paths` does not
   * grant: the grants that would allow the call, undefined if none would; for one that is made in `/tmp`, `@tmp` in its place.
   */
  readonly remedy?: Remedy | PathsRemedy | undefined;
}

/** A rule that allows a syscall, if `args` is given only with these arguments. */
export interface Remedy {
  /** The name of the syscall. */
  readonly names: readonly [string];
  /** The action of the rule. */
  readonly action: 'SCMP_ACT_ALLOW';
  /** Comparisons with the arguments of the call. Absent if the rule allows all calls of the syscall. */
  readonly args?: readonly RemedyArgument[];
  /** Never set: grants for `paths` have this. */
  readonly paths?: undefined;
}

/** A comparison of one argument with a value. */
export interface RemedyArgument {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** A safe integer. */
  readonly value: number;
  /** The comparison: the argument equals `value`. */
  readonly op: 'SCMP_CMP_EQ';
}

/** The profiles, the host and the denials that explain the violations of one filter. */
export interface ViolationContext {
  readonly profiles: readonly Profile[];
  readonly host: Host;
  /** The calls that isolation, supervision, `paths` and other options deny, regardless of the profiles. */
  readonly denials: Denials;
  /** Why calls may be denied without a report whatever the program does, one sentence each. */
  readonly unreported: readonly string[];
}

/** The properties of a violation that take time to find. They are found together, when the first of them is read. */
type Findings = Required<Pick<Violation, 'fallback' | 'deniedBy' | 'profile' | 'rule' | 'why' | 'remedy'>>;

/** A kind of denied calls. All its violations share their findings, and differ in their count. */
export interface DeniedKind {
  readonly call: Omit<Violation, keyof Findings | 'decoded' | 'count'>;
  readonly decoded: () => Violation['decoded'];
  readonly findings: () => Findings;
}

/** Describes a kind that the addon has reported. Its explanation is made when it is first read. */
export function deniedKind(kind: NativeKind, context: ViolationContext): DeniedKind {
  const call = observedCall(kind);
  const action = actionOf(kind.answer);
  return {
    call: { ...recordedCall(call, callSiteOf(kind)), action },
    decoded: once(() => decode(call)),
    findings: once(() => findingsOn(kind, call, action, context)),
  };
}

/** The property of a violation that holds its kind. */
const KIND = Symbol('kind');

interface Described {
  readonly [KIND]: DeniedKind;
}

/**
 * The violation of a kind, of which there were `count` calls so far. The kind's decoded arguments and findings are getters. They are own and enumerable, so that JSON,
 * structuredClone, spreading and comparing read them as plain properties. All violations share the getters: a listener
 * keeps up to 2,048 kinds.
 */
export function violationOf(kind: DeniedKind, count: number): Violation;
export function violationOf(kind: DeniedKind, count: number): object {
  const violation = { ...kind.call, count };
  Reflect.defineProperty(violation, KIND, own({ value: kind }));
  for (const [name, getter] of GETTERS) Reflect.defineProperty(violation, name, getter);
  Reflect.defineProperty(violation, inspect.custom, INSPECT);
  return violation;
}

const FOUND = ['fallback', 'decoded', 'deniedBy', 'profile', 'rule', 'why', 'remedy'] as const;

const GETTERS = FOUND.map((name): readonly [string, PropertyDescriptor] => {
  const get = function (this: Described) {
    const { decoded, findings } = this[KIND];
    return name === 'decoded' ? decoded() : findings()[name];
  };
  return [name, own({ get, enumerable: true, configurable: true })];
});

/** util.inspect shows getters without their values: it is given a copy that has plain properties, where they apply. */
const INSPECT: PropertyDescriptor = own({
  value(this: Described) {
    return Object.fromEntries(Object.entries(this).filter(([, value]) => value !== undefined));
  },
});

function findingsOn(kind: NativeKind, call: ObservedCall, action: Action, context: ViolationContext): Findings {
  const { arch, number, args } = kind;
  for (const { profile, explain } of explainersOf(context)) {
    const reason = explain(call.abi, call.syscall, { arch, number, args });
    if (returnValue(reason.action) !== returnValue(action)) continue;
    const { rule, why, isNewer } = own(reason);
    const fallback = isFallback(call.syscall, action, isNewer);
    return { fallback, deniedBy: 'profile', profile: profile.source, rule, why, remedy: remedyFor(call) };
  }
  const fallback = isFallback(call.syscall, action, false);
  const other = { fallback, profile: undefined, rule: undefined };
  const denial = denialOf(call.abi, call.syscall, call.args, context.denials);
  if (denial !== undefined && returnValue(denial.action) === returnValue(action)) {
    return { ...other, deniedBy: denial.by, why: denial.why, remedy: undefined };
  }
  return { ...other, deniedBy: 'filter', why: 'a compiled filter denies it', remedy: remedyFor(call) };
}

/** The explainers of a filter's profiles. Children with the same filter share them. */
const explainers = new WeakMap<ViolationContext, readonly Explainer[]>();

function explainersOf(context: ViolationContext): readonly Explainer[] {
  const known = explainers.get(context) ?? context.profiles.map((profile) => explainerFor(profile, context.host));
  explainers.set(context, known);
  return known;
}

/** A rule for calls like this one: by name, and by the arguments that tell kinds of the call apart. */
function remedyFor({ abi, syscall, args }: ObservedCall): Remedy | undefined {
  if (syscallNumber(abi, syscall) === undefined) return undefined;
  const tests = distinguishing(abi, syscall).map((index) => ({
    index,
    value: Number(BigInt.asUintN(argumentWidth(abi, syscall, index), args.at(index) ?? 0n)),
    op: 'SCMP_CMP_EQ' as const,
  }));
  if (!tests.every(({ value }) => Number.isSafeInteger(value))) return undefined;
  const rule = { names: [syscall], action: 'SCMP_ACT_ALLOW' } as const;
  return tests.length === 0 ? rule : { ...rule, args: tests };
}
