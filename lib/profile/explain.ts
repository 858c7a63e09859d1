/** Explains a decision: which rule of the document took a call, why, and what would change it. */

import { SeccompError } from '../errors.js';
import { returnValue } from '../policy/action.js';
import { ALL_ARGUMENTS, exampleArguments, outcomesIn } from '../policy/argument-region.js';
import { abiDeciding, decisionTaken, evaluate } from '../policy/evaluate.js';
import { type Action, type Call, decisionsOf, type Policy } from '../policy/policy.js';
import { ABIS, type AbiName, abiOf } from '../syscalls/abi.js';
import { suggestSyscall } from '../syscalls/suggest-syscall.js';
import { argumentsOf, syscallNumber, syscallsOf } from '../syscalls/table.js';
import { copyFields, copyList, type Path } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import { namesOf, refusalsOf } from './builtin/definition.js';
import { BUILTIN_DEFINITIONS } from './builtin/index.js';
import type { Profile } from './profile.js';
import { examine, type Host, resolve } from './resolve/resolve.js';

/** A call, by name. */
export interface Question {
  readonly syscall: string;
  /** Up to six argument registers; those left out are 0. */
  readonly args?: readonly (number | bigint)[] | undefined;
  /** Default: the host's native one. */
  readonly abi?: AbiName | undefined;
}

/**
 * A copy of a question that a caller asks.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is none.
 */
export function readQuestion(question: unknown): Required<Question> {
  const refuse = (path: Path, problem: string): never => {
    const message = `${['question', ...path].join('.')}: ${problem}; a question is { syscall: "openat", args, abi }`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  };
  if (typeof question !== 'object' || question === null) return refuse([], 'must be an object that names a syscall');
  const { syscall, args, abi, ...others } = copyFields(question, refuse);
  for (const name of Object.keys(others)) refuse([name], 'is unknown');
  if (typeof syscall !== 'string') return refuse(['syscall'], 'must be the name of a syscall');
  if (args !== undefined && !Array.isArray(args)) return refuse(['args'], 'must be an array');
  if (abi !== undefined && typeof abi !== 'string') return refuse(['abi'], 'must be the name of an ABI');
  const registers = copyList(args ?? [], MOST_VALUES, (path, problem) => refuse(['args', ...path], problem));
  return { syscall, args: registers.map(registerOf), abi: abi === undefined ? undefined : abiNamed(abi) };
}

/** As many as any syscall has. */
const MOST_ARGUMENTS = 6;
/** So many are read, to say that there are too many. */
const MOST_VALUES = 64;

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
  readonly comment?: string | undefined;
  /** Place in the text, counted from 1; undefined if the profile was not read from a text. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

export interface Change {
  /**
   * Which fact would be another one: the capabilities of the process, the kernel's version, the call's arguments, or that the
   * caller is isolated.
   */
  readonly kind: 'capability' | 'kernel' | 'arguments' | 'isolation';
  /** One fact of the host or the call: `with CAP_SYS_ADMIN`, `before Linux 4.8`, `with other arguments: …`. */
  readonly by: string;
  readonly action: Action;
}

/**
 * Explains what `profile` decides for a call on `host`.
 * @throws ProfileError as resolve does; SeccompError ERR_SECCOMP_OPTION for a call that can't be made.
 */
export function explainCall(profile: Profile, asked: Question, host: Host): Explanation {
  const question = readQuestion(asked);
  const abi = question.abi ?? host.abi;
  const call = callOf(question, abi);
  const explainer = new Explainer(profile, host);
  const { action, rule, why } = explainer.explain(abi, question.syscall, call);
  return {
    action,
    rule,
    why,
    changes: [
      ...hostChanges(profile, question.syscall, call, host, action),
      ...argumentChanges(explainer.policy, question.syscall, abi, call, action),
    ],
  };
}

/** What a profile decides for a call, and why. */
export interface Reason extends Pick<Explanation, 'action' | 'rule' | 'why'> {
  /** Whether the call is newer than all that the profile names, and was answered ENOSYS for that. */
  readonly isNewer: boolean;
}

/** An explainer of the decisions of `profile` on `host`. */
export function explainerFor(profile: Profile, host: Host): Explainer {
  return new Explainer(profile, host);
}

/** Explains decisions of one profile on one host. Resolves the profile once, and looks for each rule's place once. */
export class Explainer {
  readonly profile: Profile;
  readonly #host: Host;
  #policy: Policy | undefined;
  readonly #references = new Map<number, RuleReference>();
  /** Why no rule took a call, by its ABI and name. */
  readonly #refusals = new Map<string, string>();

  constructor(profile: Profile, host: Host) {
    this.profile = profile;
    this.#host = host;
  }

  /** @throws ProfileError as resolve does. */
  get policy(): Policy {
    this.#policy ??= resolve(this.profile, this.#host);
    return this.#policy;
  }

  /**
   * Explains the decision on `call`, which is `syscall` of `abi`.
   * @throws ProfileError as resolve does.
   */
  explain(abi: AbiName, syscall: string, call: Call): Reason {
    const { source } = this.profile;
    const decided = abiDeciding(this.policy, call);
    if (decided === undefined) {
      const why = `${source} does not decide calls of ${abi}`;
      return { action: this.policy.foreignAction, rule: null, why, isNewer: false };
    }
    const taken = decisionTaken(decided, call);
    const action = taken?.action ?? this.policy.defaultAction;
    if (taken?.rule !== undefined) {
      const rule = this.#reference(taken.rule);
      return { action, rule, why: whyRule(source, rule), isNewer: false };
    }
    const isNewer = taken !== undefined && !decided.syscalls.has(call.number);
    const why =
      returnValue(action) === returnValue(this.policy.defaultAction)
        ? this.#whyDefault(abi, syscall)
        : `it is newer than all that ${source} names`;
    return { action, rule: null, why, isNewer };
  }

  #reference(index: number): RuleReference {
    const known = this.#references.get(index) ?? reference(this.profile, index);
    this.#references.set(index, known);
    return known;
  }

  #whyDefault(abi: AbiName, syscall: string): string {
    const key = `${abi} ${syscall}`;
    const known = this.#refusals.get(key) ?? whyDefault(this.profile, syscall);
    this.#refusals.set(key, known);
    return known;
  }
}

/** @throws SeccompError ERR_SECCOMP_OPTION for a call that can't be made. */
export function callOf({ syscall, args = [] }: Pick<Required<Question>, 'syscall' | 'args'>, abi: AbiName): Call {
  const number = syscallNumber(abi, syscall);
  if (number === undefined) {
    const message = `${abi} has no syscall ${syscall}${suggestSyscall(syscall, [...syscallsOf(abi).keys()])}`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  return { arch: abiOf(abi).audit, number, args: registers(args) };
}

/** Six registers; a negative number is what C makes of it. */
export function registers(args: readonly unknown[]): readonly bigint[] {
  if (args.length > MOST_ARGUMENTS) throw notRegisters();
  return [0, 1, 2, 3, 4, 5].map((i) => BigInt.asUintN(64, BigInt(registerOf(args.at(i) ?? 0))));
}

/** What a register can hold, signed or unsigned. */
function registerOf(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return value;
  throw notRegisters();
}

function notRegisters(): SeccompError {
  const message = 'args are up to six whole numbers from −2⁶³ to 2⁶⁴ − 1; those above 2⁵³ are bigints';
  return new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** @throws SeccompError ERR_SECCOMP_OPTION */
export function abiNamed(name: string): AbiName {
  const abi = [...ABIS.keys()].find((each) => each === name);
  if (abi !== undefined) return abi;
  throw new SeccompError('ERR_SECCOMP_OPTION', `unknown ABI ${name}${suggest(name, [...ABIS.keys()])}`);
}

function reference(profile: Profile, index: number): RuleReference {
  // The profile knows where its parts are for the sake of its errors.
  const [issue] = profile.issues([{ path: ['syscalls', index], message: '', severity: 'warning' }]);
  return {
    path: `syscalls[${index}]`,
    comment: profile.document.syscalls.at(index)?.comment,
    line: issue?.line,
    column: issue?.column,
  };
}

function whyRule(source: string, { path, comment }: RuleReference): string {
  const place = `${source}, ${path}`;
  return comment ? `${place}: ${comment}` : place;
}

/** Why the default action decides a call. */
function whyDefault({ source, builtin, document }: Profile, syscall: string): string {
  const isNamed = document.syscalls.some(({ names }) => names.includes(syscall));
  const rules = isNamed ? 'no rule that names it holds here' : `no rule of ${source} names it`;
  const form = builtin === undefined ? undefined : BUILTIN_DEFINITIONS.get(builtin);
  const refusal = form === undefined ? undefined : refusalsOf(form).find((each) => namesOf(each).includes(syscall));
  return refusal === undefined ? rules : `${rules}: ${refusal.why}`;
}

/**
 * What other facts of the host would change: capabilities and kernel versions that the rules on the syscall ask for. Nothing
 * where the profile would be refused.
 */
function hostChanges(profile: Profile, syscall: string, call: Call, host: Host, action: Action): readonly Change[] {
  const rules = profile.document.syscalls.filter(({ names }) => names.includes(syscall));
  const asked = rules.flatMap(({ includes, excludes }) => [includes, excludes]);
  const capabilities = new Set(asked.flatMap((condition) => condition?.caps ?? []));
  const versions = new Set(asked.flatMap((condition) => condition?.minKernel || []));
  const others = [
    ...[...capabilities].map((name) => withCapability(host, name)),
    ...[...versions].map((version) => acrossVersion(host, version)),
  ];
  return others.flatMap(({ kind, by, host }) => {
    const { policy, diagnostics } = examine(profile, host);
    if (diagnostics.some(({ severity }) => severity === 'error')) return [];
    const other = evaluate(policy, call);
    return returnValue(other) === returnValue(action) ? [] : [{ kind, by, action: other }];
  });
}

interface OtherHost extends Pick<Change, 'kind' | 'by'> {
  readonly host: Host;
}

/** The same host with the capability if it lacks it, else without. */
function withCapability(host: Host, name: string): OtherHost {
  const { capabilities } = host;
  const kind = 'capability';
  if (!capabilities.has(name))
    return { kind, by: `with ${name}`, host: { ...host, capabilities: new Set([...capabilities, name]) } };
  const fewer = new Set([...capabilities].filter((other) => other !== name));
  return { kind, by: `without ${name}`, host: { ...host, capabilities: fewer } };
}

/** The same host with a kernel on the other side of the version. */
function acrossVersion(host: Host, version: string): OtherHost {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const { kernel } = host;
  const isOlder = kernel.major < major || (kernel.major === major && kernel.minor < minor);
  const kind = 'kernel';
  if (isOlder) return { kind, by: `from Linux ${version} on`, host: { ...host, kernel: { major, minor } } };
  const before = minor > 0 ? { major, minor: minor - 1 } : { major: major - 1, minor: 255 };
  return { kind, by: `before Linux ${version}`, host: { ...host, kernel: before } };
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
  for (const outcome of outcomesIn(ALL_ARGUMENTS, decisions, policy.defaultAction)) {
    const value = returnValue(outcome.action);
    if (value === returnValue(action) || changes.has(value)) continue;
    const values = exampleArguments(outcome.region);
    const words = [...tested].sort().map((i) => `${argumentName(abi, syscall, i)} = ${inHex(values[i] ?? 0n)}`);
    changes.set(value, {
      kind: 'arguments',
      by: `with other arguments, such as ${words.join(', ')}`,
      action: outcome.action,
    });
  }
  return [...changes.values()];
}

function argumentName(abi: AbiName, syscall: string, index: number): string {
  return argumentsOf(abi, syscall)?.at(index)?.name ?? `argument ${index}`;
}

/** Flags are read in hexadecimal, small numbers are not. */
function inHex(value: bigint): string {
  return value < 256n ? String(value) : `0x${value.toString(16)}`;
}
