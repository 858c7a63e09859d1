/** From the calls that were seen to the least profile that allows them. */

import { distinguishing } from '../decode/captures.js';
import { decode } from '../decode/decode.js';
import type { ObservedCall } from '../decode/observed-call.js';
import { evaluate } from '../policy/evaluate.js';
import type { Policy } from '../policy/policy.js';
import { toNumber, toProfileDocument } from '../profile/document/to-document.js';
import type { ProfileDocument, RuleDocument } from '../profile/document/types.js';
import { builtOn, type Profile, profileOf } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve/resolve.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { syscallNumber } from '../syscalls/table.js';
import { own } from '../util/own-data.js';
import { argumentRules } from './argument-suggestions.js';
import { CONTAINER_START } from './container-start.js';

/** A call, and the program that made it first. */
export interface SeenCall extends ObservedCall {
  readonly executable: string;
}

export interface SynthesisOptions {
  /** Whether arguments are compared where they tell calls apart. Default false. */
  readonly compareArguments?: boolean;
  /** Whether the profile allows what container runtimes call between its start and the program's. Default true. */
  readonly containerStart?: boolean;
}

/** Whether a run shows these is chance: a signal that came, an end by a signal. They give a program nothing. */
const CHANCE = ['exit', 'exit_group', 'restart_syscall', 'rt_sigreturn', 'sigreturn'];

/** The least profile for calls that were seen on `host`: all else fails with EPERM. */
export function synthesize(calls: readonly SeenCall[], host: Host, options: SynthesisOptions = {}): Profile {
  const { containerStart = true } = own(options);
  const chance: RuleDocument = {
    names: CHANCE,
    action: 'SCMP_ACT_ALLOW',
    comment: 'Ends and signals, which a run may not have shown',
  };
  const begun: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    syscalls: containerStart ? [chance, CONTAINER_START] : [chance],
  };
  const source = 'the recorded profile';
  return extendProfile(profileOf(begun, { source }), calls, host, options, source);
}

/** A profile that allows what `profile` allows, and `calls`. Its source is `source` if it has rules that `profile` has not. */
export function extendProfile(
  profile: Profile,
  calls: readonly SeenCall[],
  host: Host,
  made: SynthesisOptions = {},
  source = profile.isBuilt ? profile.source : builtOn(profile.source),
): Profile {
  const { compareArguments = false } = own(made);
  const { format, mode, options } = profile;
  const reading = { source: profile.source, format, mode, ...options };
  const given = toProfileDocument(profile.document);
  const document = withAbis(given, [...new Set(calls.map(({ abi }) => abi))], host.abi);
  const missing = notAllowed(resolve(document === given ? profile : profileOf(document, reading), host), calls);
  const rules = compareArguments ? comparingRules(missing) : namingRules(missing);
  const syscalls = [...(document.syscalls ?? []), ...rules];
  return profileOf({ ...document, syscalls }, rules.length === 0 ? reading : { ...reading, source });
}

/** The calls that a policy does not carry out. */
export function notAllowed<Seen extends SeenCall>(policy: Policy, calls: readonly Seen[]): readonly Seen[] {
  return calls.filter(({ abi, syscall, args }) => {
    const number = syscallNumber(abi, syscall);
    if (number === undefined) return false; // No profile can name it: record() says so.
    const { kind } = evaluate(policy, { arch: abiOf(abi).audit, number, args });
    return kind !== 'allow' && kind !== 'log';
  });
}

/** The document, deciding these ABIs too. */
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

/** One rule for each program: the names that it was the first to call. */
function namingRules(calls: readonly SeenCall[]): readonly RuleDocument[] {
  return byProgram(firstOfEach(calls, ({ syscall }) => syscall));
}

function byProgram(calls: readonly SeenCall[]): readonly RuleDocument[] {
  const programs = [...new Set(calls.map(({ executable }) => executable))];
  return programs.map((program) => ({
    names: calls.flatMap(({ executable, syscall }) => (executable === program ? [syscall] : [])).sort(),
    action: 'SCMP_ACT_ALLOW',
    comment: `First seen in ${program}`,
  }));
}

/** Rules that compare arguments, each after the names of its program's calls that have none to compare. */
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
        comment: `${inWords(first)}; first seen in ${first.executable}`,
      }),
    ),
  ];
}

/** The arguments that a rule looks at, as they were at first. */
function inWords(call: SeenCall): string {
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
