/** From what people write for a profile to a filter for this machine. */
import { SeccompError } from '../../errors.js';
import { compilePolicy } from '../../filter/compile.js';
import { Filter, policyOf } from '../../filter/filter.js';
import { machineAbis, thisHost } from '../../host.js';
import type { AttachFlag } from '../../policy/action.js';
import { intersect } from '../../policy/algebra.js';
import { type Denials, denialsPolicy, withDenials } from '../../policy/isolation-denials.js';
import { type Action, type Policy, rangesOf } from '../../policy/policy.js';
import { readPolicy, refuseIn } from '../../policy/read-policy.js';
import { Profile } from '../../profile/profile.js';
import { readHost } from '../../profile/resolve/host-match.js';
import { type Host, resolve } from '../../profile/resolve/resolve.js';
import { loadSource, type ProfileSource, UNCONFINED } from '../../profile/source.js';
import type { AbiName } from '../../syscalls/abi.js';
import { copyList } from '../../util/own-data.js';
import { HOST_OPTIONS, readOptions, type SupervisorOptions } from '../options/options.js';

/** A profile as spawn takes it, or a filter that was compiled before. */
export type SingleSource = ProfileSource | Filter;

/** One of them, or several: a call then gets the strictest of their answers. */
export type FilterSource = SingleSource | readonly SingleSource[];

export interface HostOptions {
  /** Capabilities that the profile's `includes` and `excludes` are resolved for. Default none. */
  readonly capabilities?: readonly string[] | undefined;
  /** ABIs to decide beside the native one, instead of those that the profile names. */
  readonly abis?: readonly AbiName[] | undefined;
}

/** Options of the functions that resolve a profile and attach nothing. */
export interface CompileOptions extends HostOptions {
  /** The host to resolve for. Default this machine, with `capabilities` and `abis`. */
  readonly host?: Host | undefined;
}

/**
 * Compiles a profile or a policy, by default for this machine and a process without capabilities. Of several it makes one
 * filter, that gives each call the strictest of their answers.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_TOO_LARGE if the kernel would not take the filter.
 */
export function compile(source: FilterSource | Policy, options: CompileOptions = {}): Filter {
  const given = readOptions<CompileOptions>(options, HOST_OPTIONS);
  if (isPolicy(source)) {
    refuseOptions(given, HOST_OPTIONS, 'a policy, which is resolved already');
    return compilePolicy(readPolicy(source, refuseIn('policy')));
  }
  const { all } = loadSources(source);
  if (all.length === 0) {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${UNCONFINED} means no filter, so there is nothing to compile`);
  }
  refuseUnused(all, given, HOST_OPTIONS);
  const host = hostOf(given);
  return compileAll(all.map((each) => decided(each, host)));
}

/** The host that options ask for. */
export function hostOf({ host, capabilities, abis }: CompileOptions): Host {
  if (host === undefined) return thisHost(capabilities, abis);
  if (capabilities !== undefined || abis !== undefined) {
    const name = capabilities === undefined ? 'abis' : 'capabilities';
    const message = `options.${name}: the host has its own: leave this out, or options.host`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  return readHost(host);
}

type HostOption = (typeof HOST_OPTIONS)[number];

/** Refuses options for resolving profiles, if none of the sources is one. */
export function refuseUnused(all: Sources['all'], options: CompileOptions, names: readonly HostOption[]): void {
  if (all.some((each) => each instanceof Profile)) return;
  refuseOptions(options, names, all.length === 0 ? UNCONFINED : 'a Filter, which is compiled already');
}

/** Refuses options that have no effect on `what`. */
export function refuseOptions(options: CompileOptions, names: readonly HostOption[], what: string): void {
  const name = names.find((each) => options[each] !== undefined);
  if (name === undefined) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', `options.${name}: has no effect on ${what}: leave it out`);
}

/**
 * What was loaded of a caller's sources: files are read and objects are copied, so it does not change any more. The same
 * profiles and filters in the same order are the same object, by which what is compiled of them is found again.
 */
export class Sources {
  /** In the caller's order; empty: nothing is filtered. */
  readonly all: readonly (Profile | Filter)[];
  /** The same with one more. */
  readonly #longer = new WeakMap<Profile | Filter, Sources>();

  private constructor(all: readonly (Profile | Filter)[]) {
    this.all = Object.freeze(all);
  }

  static readonly none = new Sources([]);

  and(source: Profile | Filter): Sources {
    const known = this.#longer.get(source) ?? new Sources([...this.all, source]);
    this.#longer.set(source, known);
    return known;
  }
}

/** What is made of sources, once for each variant. */
export class Memo<Value> {
  readonly #made = new WeakMap<Sources, Map<string, Value>>();

  /** `variant` is all that the value depends on beside the sources. */
  get(sources: Sources, variant: string, make: () => Value): Value {
    const values = this.#made.get(sources) ?? new Map<string, Value>();
    this.#made.set(sources, values);
    const known = values.get(variant);
    if (known !== undefined) return known;
    const value = make();
    values.set(variant, value);
    return value;
  }
}

/** Host options as a part of a variant: names have no blanks. */
export function variantOf({ capabilities = [], abis }: HostOptions): string {
  return `${capabilities.join(' ')};${abis === undefined ? 'as the profile says' : abis.join(' ')}`;
}

/**
 * Loads what a caller gave for a profile: the one place where this is done.
 * @throws SeccompError ERR_SECCOMP_OPTION for nothing at all (undefined, null, false, an empty string or list); what
 * loadProfile throws.
 */
export function loadSources(source: unknown): Sources {
  if (source instanceof Sources) return source;
  return list(source).reduce<Sources>((sources, each) => {
    const one = Filter.is(each) ? each : loadOnce(each);
    return one === null ? sources : sources.and(one);
  }, Sources.none);
}

/**
 * The filters for a child, with a gate for those of `gate` that they deny, in the order in which they are put on; none for
 * `unconfined`, unless the child is `isolated`. They become one filter if it is one that the kernel takes.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED for what needs a supervisor; ERR_SECCOMP_OPTION for ABIs where no profile is
 * resolved.
 */
export function prepare(
  sources: Sources,
  options: HostOptions & Pick<SupervisorOptions, 'notify'>,
  gate: readonly string[],
  isolated = false,
): readonly Filter[] {
  // Capabilities are taken from the child besides. Of a Sandbox's defaults, abis may be for handlers beside no profile.
  if (sources.all.length > 0 || options.notify === undefined) refuseUnused(sources.all, options, ['abis']);
  return prepared.get(sources, `${variantOf(options)};${isolated};${gate.join(' ')}`, () =>
    Object.freeze(makeFilters(sources, options, gate, isolated)),
  );
}

const prepared = new Memo<readonly Filter[]>();

function makeFilters(
  sources: Sources,
  options: HostOptions,
  gate: readonly string[],
  isolated: boolean,
): readonly Filter[] {
  const { all } = sources;
  const isolation = isolated ? [{ policy: denialsPolicy(machineAbis(), ISOLATED), flags: [] }] : [];
  if (all.length === 0) return stack(isolation, gate);
  const policies = decideEach(all, options);
  refuseSupervised(
    sources,
    policies.map(({ policy }) => policy),
  );
  const [first] = all;
  if (all.length === 1 && first instanceof Filter && gate.length === 0 && first.gate.length === 0)
    return [...stack(isolation, []), first];
  try {
    return [compileAll(policies, gate, isolated)];
  } catch (error) {
    const isOne = policies.length + isolation.length === 1;
    if (isOne || !(error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE')) throw error;
    return stack([...isolation, ...policies], gate); // Isolation lets what follows be put on.
  }
}

/** What is denied besides to an isolated child that nobody supervises. */
const ISOLATED: Denials = { isolated: true, supervised: false };

/** What is decided, without the work of compiling; nothing for `unconfined`. */
export function policiesOf({ all }: Sources, options: HostOptions): readonly Policy[] {
  refuseUnused(all, options, ['capabilities', 'abis']);
  return decideEach(all, options).map(({ policy }) => policy);
}

/** What several sources decide together, for a supervisor; undefined for `unconfined`. */
export function decidedAll({ all }: Sources, options: HostOptions) {
  if (all.length === 0) return undefined;
  refuseUnused(all, options, ['abis']);
  const policies = decideEach(all, options);
  return {
    policy: policies.map((each) => each.policy).reduce(intersect),
    flags: [...new Set(policies.flatMap(({ flags }) => flags))],
    profiles: all.filter((each) => each instanceof Profile),
  };
}

/** A policy, and how its filter is to be put on. */
interface Decided {
  readonly policy: Policy;
  readonly flags: readonly AttachFlag[];
}

function decideEach(all: readonly (Profile | Filter)[], options: HostOptions): readonly Decided[] {
  const host = thisHost(options.capabilities, options.abis);
  return all.map((each) => decided(each, host));
}

/** One filter for all. */
function compileAll(all: readonly Decided[], gate: readonly string[] = [], isolated = false): Filter {
  const policy = all.map((each) => each.policy).reduce(intersect);
  return compilePolicy(isolated ? withDenials(policy, machineAbis(), ISOLATED) : policy, {
    gate,
    flags: [...new Set(all.flatMap(({ flags }) => flags))],
  });
}

/** One filter for each. Those that are on must let the next one be put on. */
function stack(all: readonly Decided[], gate: readonly string[]): readonly Filter[] {
  return all.map(({ policy, flags }, i) =>
    compilePolicy(policy, { gate: i < all.length - 1 ? [...gate, 'seccomp'] : gate, flags }),
  );
}

/** As many as the addon takes; the kernel's own limit is 32,768 instructions for all together. */
const MOST_SOURCES = 8;

const isNothing = (source: unknown) => source === undefined || source === null || source === false || source === '';

function list(source: unknown): readonly unknown[] {
  if (isNothing(source) || (Array.isArray(source) && source.length === 0)) throw profileRequired('');
  if (!Array.isArray(source)) return [source];
  const refuse = refuseIn('profile');
  if (source.length > MOST_SOURCES) refuse([], `a list of profiles has 1 to ${MOST_SOURCES}, not ${source.length}`);
  const sources = copyList(source, MOST_SOURCES, refuse);
  const nothing = sources.findIndex(isNothing);
  if (nothing >= 0) throw profileRequired(` as profile[${nothing}]`);
  return sources;
}

/** The error for a caller who gave nothing for a profile; `where` says in which place. */
export function profileRequired(where: string): SeccompError {
  const message = `a profile is required${where}: docker-default, a path, …; to filter nothing, say unconfined`;
  return new SeccompError('ERR_SECCOMP_OPTION', message);
}

function decided(source: Profile | Filter, host: Host): Decided {
  if (source instanceof Filter) return { policy: policyOf(source), flags: source.flags };
  return { policy: resolve(source, host), flags: flagsOf(source) };
}

/**
 * TSYNC is not among them: a child has one thread. In compat no list means SPEC_ALLOW, as runc has it, and an empty one
 * means none.
 */
function flagsOf({ mode, document: { flags } }: Profile): readonly AttachFlag[] {
  if (flags === undefined) return mode === 'compat' ? ['SPEC_ALLOW'] : [];
  return (['LOG', 'SPEC_ALLOW'] as const).filter((name) => flags.includes(`SECCOMP_FILTER_FLAG_${name}`));
}

/** Without somebody who answers, the kernel fails such a call with ENOSYS, which nobody asked for. */
function refuseSupervised({ all }: Sources, policies: readonly Policy[]): void {
  const flags = all.flatMap((each) => (each instanceof Profile ? (each.document.flags ?? []) : []));
  const listener = flags.find((flag) => flag === 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV');
  const what = listener ?? (policies.some(asksSupervisor) ? 'SCMP_ACT_NOTIFY' : undefined);
  if (what === undefined) return;
  const message = `${what} asks for a supervisor, and there is none: spawn takes handlers, as options.notify, and profiles with a listenerPath; else use SCMP_ACT_ERRNO, or leave it out`;
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

/** Whether there are calls that somebody else is to answer. */
export function asksSupervisor(policy: Policy): boolean {
  return actionsOf(policy).some(({ kind }) => kind === 'notify');
}

/** Who answers, in another process. */
export interface Agent {
  /** Its socket. */
  readonly path: string;
  readonly metadata: string | undefined;
}

/**
 * The one that profiles name as their listenerPath, if they do.
 * @throws SeccompError ERR_SECCOMP_OPTION if they name several.
 */
export function agentOf({ all }: Sources): Agent | undefined {
  const [agent, ...others] = all.flatMap((each) => {
    if (!(each instanceof Profile)) return [];
    const { listenerPath, listenerMetadata } = each.document;
    return listenerPath ? [{ path: listenerPath, metadata: listenerMetadata }] : [];
  });
  const other = others.find(({ path, metadata }) => path !== agent?.path || metadata !== agent.metadata);
  if (other === undefined) return agent;
  const message = `listenerPath: a filter has one agent, and these profiles name ${agent?.path} and ${other.path}, or other listenerMetadata`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

function actionsOf({ abis, defaultAction }: Policy): readonly Action[] {
  const lists = abis.flatMap((each) => [...each.syscalls.values(), ...rangesOf(each).map((range) => range.decisions)]);
  return [defaultAction, ...lists.flat().map(({ action }) => action)];
}

const builtins = new Map<string, Profile>();

/** Built-ins by name don't change; files do. */
function loadOnce(source: unknown): Profile | null {
  const known = typeof source === 'string' ? builtins.get(source) : undefined;
  if (known !== undefined) return known;
  const profile = loadSource(source);
  if (profile !== null && typeof source === 'string' && !/[/.{]/.test(source)) builtins.set(source, profile);
  return profile;
}

function isPolicy(source: unknown): source is Policy {
  return typeof source === 'object' && source !== null && Object.hasOwn(source, 'foreignAction');
}
