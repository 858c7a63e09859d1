/** From what people write for a profile to a filter for this machine. */

import { SeccompError } from '../errors.js';
import { compile as compilePolicy } from '../filter/compile.js';
import { Filter } from '../filter/filter.js';
import { thisHost } from '../host.js';
import type { Policy } from '../policy/policy.js';
import { loadProfile, type ProfileSource, UNCONFINED } from '../profile/load.js';
import type { Profile } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve.js';
import type { AbiName } from '../syscalls/abi.js';

/** A profile as spawn takes it, or a filter that was compiled before. */
export type FilterSource = ProfileSource | Filter;

export interface HostOptions {
  /** Capabilities that the profile's `includes` and `excludes` are resolved for. Default none. */
  readonly capabilities?: readonly string[];
  /** ABIs to decide beside the native one, instead of those that the profile names. */
  readonly abis?: readonly AbiName[];
}

/**
 * Compiles a profile or a policy, by default for this machine and a process without capabilities.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_TOO_LARGE if the kernel would not take the filter.
 */
export function compile(source: ProfileSource | Policy, options: HostOptions & { readonly host?: Host } = {}): Filter {
  if (isPolicy(source)) return compilePolicy(source);
  const profile = loadProfile(source);
  if (profile === null) {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${UNCONFINED} means no filter, so there is nothing to compile`);
  }
  return compilePolicy(resolve(profile, options.host ?? thisHost(options.capabilities, options.abis)));
}

/**
 * The filter for a child, with a gate for those of `gate` that the profile denies; `null` for `unconfined`. Built-ins,
 * `Profile` and `Filter` objects are compiled once; everything else is read anew each time, since it may have changed.
 */
export function prepare(source: FilterSource, options: HostOptions, gate: readonly string[]): Filter | null {
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

function isPolicy(source: ProfileSource | Policy): source is Policy {
  return typeof source === 'object' && 'foreignAction' in source;
}
