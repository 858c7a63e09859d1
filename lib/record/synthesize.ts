/** Makes a profile that allows recorded calls. */
import { distinguishing } from '../decode/captures.js';
import { decode } from '../decode/decode.js';
import type { ObservedCall } from '../decode/observed-call.js';
import { isAllowing } from '../policy/action.js';
import { evaluate } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { toNumber, toProfileDocument } from '../profile/document/stringify.js';
import type { ProfileDocument, RuleDocument } from '../profile/document/types.js';
import { builtOn, type Profile } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve/resolve.js';
import { profileOf } from '../profile/source.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { syscallNumber } from '../syscalls/table.js';
import { shownName } from '../util/foreign-text.js';
import { own } from '../util/own-data.js';
import { argumentRules } from './argument-suggestions.js';
import { CONTAINER_START } from './container-start.js';

/** A recorded call, and the path of the program that made it first. */
export interface SeenCall extends ObservedCall {
  /** The path of the program. Null if unknown. */
  readonly executable: string | null;
}

export interface SynthesisOptions {
  /** Whether rules compare the arguments that tell calls apart. Default false. */
  readonly compareArguments?: boolean;
  /** Whether the profile allows the calls that a container runtime makes before the program starts. Default true. */
  readonly containerStart?: boolean;
}

/**
 * Syscalls that are always allowed: whether a recording contains them depends on the timing of signals, and they do not
 * give the program new access.
 */
export const EXITS = ['exit', 'exit_group', 'restart_syscall', 'rt_sigreturn', 'sigreturn'];

/** Makes a profile for calls that were recorded on `host`. Under it, all other calls fail with EPERM. */
export function synthesize(calls: readonly SeenCall[], host: Host, options: SynthesisOptions = {}): Profile {
  const { containerStart = true } = own(options);
  const exits: RuleDocument = {
    names: EXITS,
    action: 'SCMP_ACT_ALLOW',
    comment: 'Exits and returns from signals, which a recording may lack',
  };
  const empty: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    syscalls: containerStart ? [exits, CONTAINER_START] : [exits],
  };
  const source = 'the recorded profile';
  return extendProfile(profileOf(empty, { source }), calls, host, options, source);
}

/**
 * Adds rules to a profile for those of `calls` that it does not allow. A profile with added rules has the source
 * `source`.
 */
export function extendProfile(
  profile: Profile,
  calls: readonly SeenCall[],
  host: Host,
  synthesis: SynthesisOptions = {},
  source = profile.isBuilt ? profile.source : builtOn(profile.source),
): Profile {
  const { compareArguments = false } = own(synthesis);
  const { format, mode, options } = profile;
  const profileOptions = { source: profile.source, format, mode, ...options };
  const given = toProfileDocument(profile.document);
  const document = withAbis(given, [...new Set(calls.map(({ abi }) => abi))], host.abi);
  const missing = notAllowed(resolve(document === given ? profile : profileOf(document, profileOptions), host), calls);
  const rules = compareArguments ? comparingRules(missing) : namingRules(missing);
  const syscalls = [...(document.syscalls ?? []), ...rules];
  return profileOf({ ...document, syscalls }, rules.length === 0 ? profileOptions : { ...profileOptions, source });
}

/** The calls that a policy does not allow. Calls without a known name are left out: no profile can name them. */
export function notAllowed<Seen extends SeenCall>(policy: Policy, calls: readonly Seen[]): readonly Seen[] {
  return calls.filter(({ abi, syscall, args }) => {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) return false;
    return !isAllowing(evaluate(policy, { arch: abiOf(abi).audit, number, args }));
  });
}

/** Adds ABIs to those that a document covers. */
function withAbis(document: ProfileDocument, abis: readonly AbiName[], native: AbiName): ProfileDocument {
  const added = abis.filter((abi) => abi !== native).map((abi) => abiOf(abi).scmp);
  if (added.length === 0) return document;
  const architecture = abiOf(native).scmp;
  const { archMap } = document;
  if (!archMap) {
    return { ...document, architectures: [...new Set([...(document.architectures ?? [architecture]), ...added])] };
  }
  const own = archMap.find((entry) => entry.architecture === architecture);
  const subArchitectures = [...new Set([...(own?.subArchitectures ?? []), ...added])];
  return { ...document, archMap: [...archMap.filter((entry) => entry !== own), { architecture, subArchitectures }] };
}

/** Makes one rule for each program: the syscalls that it was the first to make. */
function namingRules(calls: readonly SeenCall[]): readonly RuleDocument[] {
  return byProgram(firstOfEach(calls, ({ syscall }) => syscall));
}

function byProgram(calls: readonly SeenCall[]): readonly RuleDocument[] {
  const programs = [...new Set(calls.map(({ executable }) => executable))];
  return programs.map((program) => ({
    names: calls.flatMap(({ executable, syscall }) => (executable === program ? [syscall] : [])).sort(),
    action: 'SCMP_ACT_ALLOW',
    comment: `First seen in ${program === null ? 'an unknown program' : shownName(program)}`,
  }));
}

/** Makes rules that compare arguments, after the rules for the calls whose arguments are not compared. */
function comparingRules(calls: readonly SeenCall[]): readonly RuleDocument[] {
  const groups = new Map<string, [SeenCall, ...SeenCall[]]>();
  for (const call of calls) {
    const key = `${call.abi} ${call.syscall}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [call]);
    else group.push(call);
  }
  const rules = [...groups.values()].flatMap((group) => argumentRules(group));
  const whole = new Set(rules.flatMap(({ args, first }) => (args.length === 0 ? [first.syscall] : [])));
  const named = firstOfEach(
    calls.filter(({ syscall }) => whole.has(syscall)),
    ({ syscall }) => syscall,
  );
  const compared = rules.filter(({ first }) => !whole.has(first.syscall));
  return [
    ...byProgram(named),
    ...compared.map(
      ({ args, first }): RuleDocument => ({
        names: [first.syscall],
        action: 'SCMP_ACT_ALLOW',
        args: args.map(({ index, op, value, valueTwo }) => ({
          index,
          op,
          value: toNumber(value),
          valueTwo: valueTwo === undefined ? undefined : toNumber(valueTwo),
        })),
        comment: `${comparedArguments(first)}; first seen in ${first.executable === null ? 'an unknown program' : shownName(first.executable)}`,
      }),
    ),
  ];
}

/** Writes the arguments that a rule compares, with the values of the first call. */
function comparedArguments(call: SeenCall): string {
  const written = decode(call);
  return distinguishing(call.abi, call.syscall)
    .map((index) => written[index])
    .join(', ');
}

function firstOfEach<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  const seen = new Map<string, Item>();
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item);
  return [...seen.values()];
}
