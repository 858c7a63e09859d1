/** From what people write for a profile to a filter for this machine. */

import { SeccompError } from '../errors.js';
import { compile as compilePolicy } from '../filter/compile.js';
import { Filter } from '../filter/filter.js';
import { thisHost } from '../host.js';
import { intersect } from '../policy/algebra.js';
import type { Policy } from '../policy/policy.js';
import { loadProfile, type ProfileSource, UNCONFINED } from '../profile/load.js';
import type { Profile } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve.js';
import type { AbiName } from '../syscalls/abi.js';

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
  if (isPolicy(source)) return compilePolicy(source);
  const host = options.host ?? thisHost(options.capabilities, options.abis);
  const [first, ...others] = list(source).flatMap((each) => policyOf(each, host) ?? []);
  if (first === undefined) {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${UNCONFINED} means no filter, so there is nothing to compile`);
  }
  return compilePolicy(others.reduce(intersect, first));
}

/**
 * The filters for a child, with a gate for those of `gate` that they deny, in the order in which they are put on; none for
 * `unconfined`. Several profiles become one filter if it is one that the kernel takes.
 */
export function prepare(source: FilterSource, options: HostOptions, gate: readonly string[]): readonly Filter[] {
  const sources = list(source);
  if (sources.length === 1) return sources.flatMap((only) => prepareOne(only, options, gate) ?? []);
  const host = thisHost(options.capabilities, options.abis);
  const policies = sources.flatMap((each) => policyOf(each, host) ?? []);
  const [first, ...others] = policies;
  if (first === undefined) return [];
  try {
    return [compilePolicy(others.reduce(intersect, first), { gate })];
  } catch (error) {
    if (!(error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE')) throw error;
    return stack(policies, gate);
  }
}

/** One filter for each policy. Those that are on must let the next one be put on. */
function stack(policies: readonly Policy[], gate: readonly string[]): readonly Filter[] {
  return policies.map((policy, i) =>
    compilePolicy(policy, { gate: i < policies.length - 1 ? [...gate, 'seccomp'] : gate }),
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
function policyOf(source: SingleSource, host: Host): Policy | null {
  if (source instanceof Filter) return source.policy;
  const profile = loadProfile(source);
  return profile === null ? null : resolve(profile, host);
}

/**
 * Built-ins, `Profile` and `Filter` objects are compiled once; everything else is read anew each time, since it may have
 * changed.
 */
function prepareOne(source: SingleSource, options: HostOptions, gate: readonly string[]): Filter | null {
  if (source instanceof Filter) return once(source, String(gate), () => compilePolicy(source.policy, { gate }));
  const profile = typeof source === 'string' ? loadOnce(source) : loadProfile(source);
  if (profile === null) return null;
  const { capabilities = [], abis } = options;
  const key = JSON.stringify([capabilities, abis ?? null, gate]);
  return once(profile, key, () => compilePolicy(resolve(profile, thisHost(capabilities, abis)), { gate }));
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
  if (profile?.source === source && !/[/.{]/.test(source)) builtins.set(source, profile);
  return profile;
}

function isPolicy(source: FilterSource | Policy): source is Policy {
  return typeof source === 'object' && 'foreignAction' in source;
}
