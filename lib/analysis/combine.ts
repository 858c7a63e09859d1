/** intersect() and union(): combine two profiles or two policies. */
import { refuseIn, SeccompError } from '../errors.js';
import { Filter } from '../filter/filter.js';
import * as algebra from '../policy/algebra.js';
import type { Policy } from '../policy/policy.js';
import { isPolicy, readPolicy } from '../policy/read-policy.js';
import { refuseOptions } from '../profile/document/options.js';
import type { CheckedDocument } from '../profile/document/types.js';
import { profileFromPolicy } from '../profile/from-policy.js';
import type { Profile } from '../profile/profile.js';
import { type Host, resolve } from '../profile/resolve/resolve.js';
import { loadSource, type ProfileSource } from '../profile/source.js';
import { readOptions } from '../sandbox/options/table.js';
import type { CompileOptions } from '../sandbox/options/types.js';
import { HOST_OPTIONS, hostOf } from '../sandbox/plan/resolve-sources.js';
import { shownName } from '../util/foreign-text.js';

/**
 * Combines two profiles, or two policies, to one that takes the more restrictive action of the two for each call, as the
 * kernel does with two filters.
 *
 * Two profiles give a profile, which `stringify` can write. It is for one host: conditions on capabilities and on the
 * kernel version are resolved. To attach two profiles on any host, pass both to `spawn` as a list.
 *
 * @param a - A profile as for `loadProfile`, or a policy.
 * @param b - The same as `a`.
 * @param options - The host that profiles are resolved for. Default: this machine, and a process without capabilities.
 * @returns A profile for two profiles, and a policy for two policies.
 * @throws {TypeError | RangeError} if an argument is not a profile or a policy.
 * @throws {ProfileError} if a profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN or ERR_SECCOMP_FILE if a profile can't be found or read;
 * ERR_SECCOMP_TOO_LARGE if they have more than about 16,000 pairs of argument rules on one syscall; ERR_SECCOMP_OPTION if the result cannot
 * be written as a profile, with the reason, for a policy beside a profile, and for options that have no effect.
 * @example
 * import { compare, intersect, Profile, stringify } from 'seccomp';
 *
 * const a = Profile.allowlist().allow('read', 'write', 'openat2');
 * const b = Profile.allowlist().allow('read', 'open', 'openat2');
 * const both = intersect(a, b);
 * console.log(stringify(both).includes('openat2'), compare(both, a).relation); // true subset
 */
export function intersect(a: Policy, b: Policy): Policy;
export function intersect(a: ProfileSource, b: ProfileSource, options?: CompileOptions): Profile;
export function intersect(
  a: ProfileSource | Policy,
  b: ProfileSource | Policy,
  options: CompileOptions = {},
): Profile | Policy {
  return combine({ name: 'intersection', combine: algebra.intersect, neutral: true }, [a, b], options);
}

/**
 * Combines two profiles, or two policies, to one that takes the less restrictive action of the two for each call.
 *
 * Two profiles give a profile for one host, as with `intersect`.
 *
 * @param a - A profile as for `loadProfile`, or a policy.
 * @param b - The same as `a`.
 * @param options - The host that profiles are resolved for. Default: this machine, and a process without capabilities.
 * @returns A profile for two profiles, and a policy for two policies.
 * @throws {ProfileError | SeccompError | TypeError | RangeError} as `intersect` does.
 * @example
 * import { compare, Profile, union } from 'seccomp';
 *
 * const a = Profile.allowlist().allow('read', 'write', 'openat2');
 * const b = Profile.allowlist().allow('read', 'open', 'openat2');
 * console.log(compare(a, union(a, b)).relation); // subset
 */
export function union(a: Policy, b: Policy): Policy;
export function union(a: ProfileSource, b: ProfileSource, options?: CompileOptions): Profile;
export function union(
  a: ProfileSource | Policy,
  b: ProfileSource | Policy,
  options: CompileOptions = {},
): Profile | Policy {
  return combine({ name: 'union', combine: algebra.union, neutral: false }, [a, b], options);
}

interface Operation {
  readonly name: 'intersection' | 'union';
  readonly combine: (a: Policy, b: Policy) => Policy;
  /** Whether a profile combined with unconfined is itself; otherwise it is unconfined. */
  readonly neutral: boolean;
}

type Pair = readonly [a: ProfileSource | Policy, b: ProfileSource | Policy];

function combine(operation: Operation, [a, b]: Pair, options: CompileOptions): Profile | Policy {
  const given = readOptions<CompileOptions>('compile', options);
  if (isPolicy(a) && isPolicy(b)) {
    refuseOptions(given, HOST_OPTIONS, 'policies, which are resolved already');
    return operation.combine(readPolicy(a, refuseIn('a')), readPolicy(b, refuseIn('b')));
  }
  return combineProfiles(operation, loadOperand(a, 'a'), loadOperand(b, 'b'), given);
}

/** Loads one of two profiles. */
function loadOperand(source: ProfileSource | Policy, name: string): Profile {
  if (isPolicy(source) || Filter.is(source)) {
    const kind = isPolicy(source) ? 'a policy beside a profile: resolve() the profile' : 'a Filter: give its policy';
    throw new SeccompError('ERR_SECCOMP_OPTION', `${name}: is ${kind}, or give two profiles`);
  }
  return loadSource(source, undefined, name);
}

function combineProfiles(operation: Operation, a: Profile, b: Profile, options: CompileOptions): Profile {
  if (a.isUnconfined || b.isUnconfined) {
    const [unconfined, other] = a.isUnconfined ? [a, b] : [b, a];
    refuseOptions(options, HOST_OPTIONS, 'a profile and unconfined');
    return operation.neutral ? other : unconfined;
  }
  const source = `the ${operation.name} of ${shownName(a.source)} and ${shownName(b.source)}`;
  const refuse = (problem: string): never => {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${source} cannot be written as a profile: ${problem}`);
  };
  const { argumentWidth } = a.options;
  if (b.options.argumentWidth !== argumentWidth)
    refuse('they compare different numbers of bits: load both with the same argumentWidth');
  if ((a.document.listenerPath ?? b.document.listenerPath) !== (b.document.listenerPath ?? a.document.listenerPath))
    refuse('they have two listenerPaths, and a profile has one');
  const host = hostOf(options);
  const policy = operation.combine(resolve(a, host), resolve(b, host));
  const fields = { ...commonFields(a.document, b.document), comment: `${source}, for ${inWords(host)}` };
  const newerCalls = a.options.newerCalls === b.options.newerCalls ? a.options.newerCalls : 'enosys';
  return profileFromPolicy(policy, { source, host, argumentWidth, newerCalls, fields });
}

/** The fields beside the rules: flags of both, as with a list of profiles, and the listener of either. */
function commonFields(a: CheckedDocument, b: CheckedDocument) {
  const flags = [...new Set([...(a.flags ?? []), ...(b.flags ?? [])])];
  const from = a.listenerPath === undefined ? b : a;
  return {
    flags: a.flags === undefined && b.flags === undefined ? undefined : flags,
    listenerPath: from.listenerPath,
    listenerMetadata: from.listenerMetadata,
  };
}

function inWords({ abi, kernel, capabilities }: Host): string {
  const held = capabilities.size === 0 ? 'no capabilities' : [...capabilities].join(', ');
  return `${abi}, Linux ${kernel.major}.${kernel.minor}, ${held}`;
}
