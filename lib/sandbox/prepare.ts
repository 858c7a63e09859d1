/** From what people write for a profile to a filter for this machine. */

import { SeccompError } from '../errors.js';
import { compile as compilePolicy } from '../filter/compile.js';
import { type AttachFlag, Filter } from '../filter/filter.js';
import { thisHost } from '../host.js';
import { intersect } from '../policy/algebra.js';
import type { Action, Policy } from '../policy/policy.js';
import { loadProfile, type ProfileSource, UNCONFINED } from '../profile/load.js';
import { Profile } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve.js';
import type { AbiName } from '../syscalls/abi.js';
import { checkKeys, HOST_OPTIONS } from './options.js';

/** A profile as spawn takes it, or a filter that was compiled before. */
export type SingleSource = ProfileSource | Filter;

/** One of them, or several: a call then gets the strictest of their answers. */
export type FilterSource = SingleSource | readonly SingleSource[];

export interface HostOptions {
  /** Capabilities that the profile's `includes` and `excludes` are resolved for. Default none. */
  readonly capabilities?: readonly string[];
  /** ABIs to decide beside the native one, instead of those that the profile names. */
  readonly abis?: readonly AbiName[];
}

/**
 * Compiles a profile or a policy, by default for this machine and a process without capabilities. Of several it makes one
 * filter, that gives each call the strictest of their answers.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_TOO_LARGE if the kernel would not take the filter.
 */
export function compile(source: FilterSource | Policy, options: HostOptions & { readonly host?: Host } = {}): Filter {
  checkKeys(options, HOST_OPTIONS);
  if (isPolicy(source)) return compilePolicy(source);
  const host = options.host ?? thisHost(options.capabilities, options.abis);
  const all = list(source).flatMap((each) => decidedBy(each, host) ?? []);
  if (all.length === 0) {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${UNCONFINED} means no filter, so there is nothing to compile`);
  }
  return compileAll(all);
}

/** The same with its files read and its objects checked, once: what it means does not change any more. */
export function settle(source: FilterSource): readonly SingleSource[] {
  if (isList(source) && settled.has(source)) return source;
  const sources = list(source).map((each) => {
    if (each instanceof Filter) return each;
    return (typeof each === 'string' ? loadOnce(each) : loadProfile(each)) ?? UNCONFINED;
  });
  settled.set(sources, new Map());
  return Object.freeze(sources);
}

/** The lists that settle gave out, and the filters that were made of each. */
const settled = new WeakMap<readonly SingleSource[], Map<string, readonly Filter[]>>();

/**
 * The filters for a child, with a gate for those of `gate` that they deny, in the order in which they are put on; none for
 * `unconfined`. Several profiles become one filter if it is one that the kernel takes.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED for what needs a supervisor.
 */
export function prepare(source: FilterSource, options: HostOptions, gate: readonly string[]): readonly Filter[] {
  const sources = list(source);
  if (sources.length === 1) return sources.flatMap((only) => prepareOne(only, options, gate) ?? []);
  const known = settled.get(sources);
  const key = keyOf(options, gate);
  const filters = known?.get(key) ?? prepareList(sources, options, gate);
  known?.set(key, filters);
  return filters;
}

function prepareList(
  sources: readonly SingleSource[],
  options: HostOptions,
  gate: readonly string[],
): readonly Filter[] {
  const host = thisHost(options.capabilities, options.abis);
  const all = sources.flatMap((each) => decidedBy(each, host) ?? []);
  if (all.length === 0) return [];
  for (const each of all) refuseSupervised(each);
  try {
    return [compileAll(all, gate)];
  } catch (error) {
    if (!(error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE')) throw error;
    return stack(all, gate);
  }
}

/** What is decided, without the work of compiling; nothing for `unconfined`. */
export function policiesOf(source: FilterSource, { capabilities, abis }: HostOptions): readonly Policy[] {
  const host = thisHost(capabilities, abis);
  return list(source).flatMap((each) => decidedBy(each, host)?.policy ?? []);
}

/** What several sources decide together, for a supervisor; undefined for `unconfined`. */
export function decidedAll(source: FilterSource, { capabilities, abis }: HostOptions) {
  const host = thisHost(capabilities, abis);
  const loaded = list(source).flatMap(
    (each) => (each instanceof Filter ? each : typeof each === 'string' ? loadOnce(each) : loadProfile(each)) ?? [],
  );
  const all = loaded.map((each) => (each instanceof Filter ? each : decided(each, host)));
  if (all.length === 0) return undefined;
  return {
    policy: all.map((each) => each.policy).reduce(intersect),
    flags: [...new Set(all.flatMap(({ flags }) => flags))],
    profiles: loaded.filter((each) => each instanceof Profile),
    /** Stands for what does not change: a single one. */
    key: loaded.length === 1 ? loaded[0] : undefined,
  };
}

/** A policy, and how its filter is to be put on. */
interface Decided {
  readonly policy: Policy;
  readonly flags: readonly AttachFlag[];
  /** A flag of the profile that asks for a listener. */
  readonly listener?: string | undefined;
}

/** One filter for all. */
function compileAll(all: readonly Decided[], gate: readonly string[] = []): Filter {
  const policy = all.map((each) => each.policy).reduce(intersect);
  return compilePolicy(policy, { gate, flags: [...new Set(all.flatMap(({ flags }) => flags))] });
}

/** One filter for each. Those that are on must let the next one be put on. */
function stack(all: readonly Decided[], gate: readonly string[]): readonly Filter[] {
  return all.map(({ policy, flags }, i) =>
    compilePolicy(policy, { gate: i < all.length - 1 ? [...gate, 'seccomp'] : gate, flags }),
  );
}

/** As many as the addon takes; the kernel's own limit is 32,768 instructions for all together. */
const MOST_SOURCES = 8;

function list(source: FilterSource): readonly SingleSource[] {
  if (!isList(source)) return [source];
  if (source.length > 0 && source.length <= MOST_SOURCES) return source;
  throw new SeccompError('ERR_SECCOMP_OPTION', `a list of profiles has 1 to ${MOST_SOURCES}, not ${source.length}`);
}

function isList(source: FilterSource): source is readonly SingleSource[] {
  return Array.isArray(source);
}

/** What is decided; null for `unconfined`. */
function decidedBy(source: SingleSource, host: Host): Decided | null {
  if (source instanceof Filter) return source;
  const profile = loadProfile(source);
  return profile === null ? null : decided(profile, host);
}

function decided(profile: Profile, host: Host): Decided {
  const listener = profile.document.flags?.find((flag) => flag === WAIT_KILLABLE_RECV);
  return { policy: resolve(profile, host), flags: flagsOf(profile), listener };
}

const WAIT_KILLABLE_RECV = 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV';

/**
 * TSYNC is not among them: a child has one thread. In compat no list means SPEC_ALLOW, as runc has it, and an empty one
 * means none.
 */
function flagsOf({ mode, document: { flags } }: Profile): readonly AttachFlag[] {
  if (flags === undefined) return mode === 'compat' ? ['SPEC_ALLOW'] : [];
  return (['LOG', 'SPEC_ALLOW'] as const).filter((name) => flags.includes(`SECCOMP_FILTER_FLAG_${name}`));
}

/** Without somebody who answers, the kernel fails such a call with ENOSYS, which nobody asked for. */
function refuseSupervised({ policy, listener }: Decided): void {
  const what = listener ?? (asksSupervisor(policy) ? 'SCMP_ACT_NOTIFY' : undefined);
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
  readonly metadata?: string | undefined;
}

/**
 * The one that profiles name as their listenerPath, if they do.
 * @throws SeccompError ERR_SECCOMP_OPTION if they name several.
 */
export function agentOf(source: FilterSource): Agent | undefined {
  const [agent, ...others] = list(source).flatMap((each) => {
    const { listenerPath, listenerMetadata } = each instanceof Profile ? each.document : {};
    return listenerPath ? [{ path: listenerPath, metadata: listenerMetadata }] : [];
  });
  const other = others.find(({ path, metadata }) => path !== agent?.path || metadata !== agent.metadata);
  if (other === undefined) return agent;
  const message = `listenerPath: a filter has one agent, and these profiles name ${agent?.path} and ${other.path}, or other listenerMetadata`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

function actionsOf({ abis, defaultAction }: Policy): readonly Action[] {
  const lists = abis.flatMap(({ syscalls, ranges = [] }) => [
    ...syscalls.values(),
    ...ranges.map((each) => each.decisions),
  ]);
  return [defaultAction, ...lists.flat().map(({ action }) => action)];
}

/**
 * Built-ins, `Profile` and `Filter` objects are compiled once; everything else is read anew each time, since it may have
 * changed.
 */
function prepareOne(source: SingleSource, options: HostOptions, gate: readonly string[]): Filter | null {
  const from = source instanceof Filter ? source : typeof source === 'string' ? loadOnce(source) : loadProfile(source);
  if (from === null) return null;
  if (from instanceof Filter && gate.length === 0 && from.gate.length === 0) {
    refuseSupervised(from);
    return from;
  }
  const { capabilities, abis } = options;
  return once(from, keyOf(options, gate), () => {
    const all = from instanceof Filter ? from : decided(from, thisHost(capabilities, abis));
    refuseSupervised(all);
    return compileAll([all], gate);
  });
}

function keyOf({ capabilities = [], abis }: HostOptions, gate: readonly string[]): string {
  return JSON.stringify([capabilities, abis ?? null, gate]);
}

/** What was made of a profile or a filter before, by what it was made for. */
const made = new WeakMap<Profile | Filter, Map<string, Filter>>();

function once(source: Profile | Filter, key: string, make: () => Filter): Filter {
  const filters = made.get(source) ?? new Map<string, Filter>();
  made.set(source, filters);
  const filter = filters.get(key) ?? make();
  filters.set(key, filter);
  return filter;
}

const builtins = new Map<string, Profile>();

/** Built-ins by name don't change; files do. */
function loadOnce(source: string): Profile | null {
  const known = builtins.get(source);
  if (known !== undefined) return known;
  const profile = loadProfile(source);
  if (profile !== null && !/[/.{]/.test(source)) builtins.set(source, profile);
  return profile;
}

function isPolicy(source: FilterSource | Policy): source is Policy {
  return typeof source === 'object' && source !== null && 'foreignAction' in source;
}
