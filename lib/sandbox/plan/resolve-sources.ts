/**
 * resolveSources: the second step of every start, and the only place where a name, a path, a text, an object, a Profile
 * or a Filter becomes profiles and a policy.
 */
import { refuseIn, SeccompError } from '../../errors.js';
import { type CompiledFilter, compiledOf, Filter } from '../../filter/filter.js';
import { thisHost } from '../../host.js';
import type { AttachFlag } from '../../policy/action.js';
import { intersect } from '../../policy/algebra.js';
import type { Policy } from '../../policy/policy.js';
import { BUILTIN_DEFINITIONS } from '../../profile/builtin/index.js';
import { refuseOptions } from '../../profile/document/options.js';
import { Profile } from '../../profile/profile.js';
import { readHost } from '../../profile/resolve/host-match.js';
import { type Host, resolve } from '../../profile/resolve/resolve.js';
import { loadSource, ONE_PROFILE, type ProfileSource } from '../../profile/source.js';
import { UNCONFINED } from '../../profile/source-names.js';
import { once, remember } from '../../util/memo.js';
import { copyList } from '../../util/own-data.js';
import type { LoadedSandbox } from '../file/loaded-sandbox.js';
import { profileRequired } from '../options/checks.js';
import type { CompileOptions, SupervisorOptions } from '../options/types.js';

/** A profile as `spawn` takes it, or a filter that was compiled before. */
export type SingleSource = ProfileSource | Filter;

/** One source, or a list of 1 to 8. With a list, each call gets the strictest of their actions. */
export type FilterSource = SingleSource | readonly SingleSource[];

/** A profile, or a sandbox in its place: what `loadSandbox` returns. `'untrusted'` names the built-in one. */
export type StartSource = FilterSource | LoadedSandbox;

/** A profile in the place of `args`. A list that may be empty is refused there: it is more likely one of arguments. */
export type SourceWithoutArgs = SingleSource | readonly [SingleSource, ...SingleSource[]] | LoadedSandbox;

/** The profile as an option, for calls that do not pass it before the options. */
export interface ProfileOption {
  /** The profile, if it is not given before the options. Default: the parameter `profile`. */
  readonly profile: StartSource;
}

/** What one profile or filter decides, and the flags that its filter is attached with. */
export interface DecidedSource {
  readonly policy: Policy;
  readonly flags: readonly AttachFlag[];
  /** Set if the source is a filter already. */
  readonly filter: CompiledFilter | undefined;
}

/**
 * A caller's sources, resolved for a host. Calls with the same sources, capabilities and ABIs share one object; with
 * `host`, each call makes its own.
 */
export interface ResolvedSources {
  /** The sources, to be resolved again with other options. */
  readonly loaded: LoadedSources;
  readonly profiles: readonly Profile[];
  readonly host: Host;
  /** One for each source, in the caller's order; none for `unconfined`. */
  readonly each: readonly DecidedSource[];
  /**
   * What all sources decide together: each call gets the strictest of their actions. Undefined for `unconfined`.
   * Reading it throws ERR_SECCOMP_TOO_LARGE for sources that can't be combined, as together they have hundreds of
   * argument rules on one syscall.
   */
  readonly policy: Policy | undefined;
  /** The flags of all sources, each once. */
  readonly flags: readonly AttachFlag[];
}

type ResolveOptions = CompileOptions & Pick<SupervisorOptions, 'notify'>;
type HostOption = keyof CompileOptions;

/** The options of the host that a profile is resolved for. */
export const HOST_OPTIONS: readonly HostOption[] = ['host', 'capabilities', 'abis'];

/**
 * Loads and resolves the sources that a caller passed as the profile.
 *
 * @param profile - The caller's value, or sources that were loaded before.
 * @param options - The host that profiles are resolved for. Default: this machine, for a process without capabilities.
 * @param resolving - The options that only affect how a profile is resolved: they are refused if no source is a
 * profile. Without `capabilities` for a child, which also keeps these capabilities.
 * @param name - The parameter that the caller passed them as.
 * @throws ProfileError, SeccompError as loadProfile; ERR_SECCOMP_OPTION for no profile at all (undefined, null, false,
 * an empty string or list), and for an option that has no effect.
 */
export function resolveSources(
  profile: unknown,
  options: ResolveOptions,
  resolving: readonly HostOption[] = ['abis'],
  name = 'profile',
): ResolvedSources {
  const loaded = profile instanceof LoadedSources ? profile : loadSources(profile, name);
  // Without a profile, `abis` are those on which handlers are called.
  const hasNothingToFilter = loaded.all.length === 0 && options.notify === undefined;
  if (loaded.all.length > 0 || hasNothingToFilter) refuseWithoutProfile(loaded, options, resolving);
  const { host, capabilities = [], abis } = options;
  if (host !== undefined) return resolveOn(hostOf(options), loaded);
  const variant = `${capabilities.join(' ')};${abis === undefined ? 'as the profile says' : abis.join(' ')}`;
  return loaded.resolved(variant, () => thisHost(capabilities, abis));
}

function resolveOn(host: Host, loaded: LoadedSources): ResolvedSources {
  const profiles = loaded.all.filter((source) => source instanceof Profile);
  const each = loaded.all.map((source) => decidedSource(source, host));
  const flags = [...new Set(each.flatMap((source) => source.flags))];
  // An error is not kept: a new one each time has the stack of its call.
  const policy = once(() => (each.length === 0 ? undefined : each.map((source) => source.policy).reduce(intersect)));
  return {
    loaded,
    profiles,
    host,
    each,
    flags,
    get policy() {
      return policy();
    },
  };
}

/**
 * The host that options describe.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for `host` beside `capabilities` or `abis`.
 */
export function hostOf({ host, capabilities, abis }: CompileOptions): Host {
  if (host === undefined) return thisHost(capabilities, abis);
  if (capabilities !== undefined || abis !== undefined) {
    const name = capabilities === undefined ? 'abis' : 'capabilities';
    const message = `options.${name}: options.host sets this already: leave out one of the two`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  return readHost(host);
}

function refuseWithoutProfile({ all }: LoadedSources, options: CompileOptions, names: readonly HostOption[]): void {
  if (all.some((source) => source instanceof Profile)) return;
  refuseOptions(options, names, all.length === 0 ? UNCONFINED : 'a Filter, which is compiled already');
}

/**
 * A caller's sources after loading: files are read and objects are copied, so later changes have no effect. Lists of
 * the same sources in the same order share one object.
 */
export class LoadedSources {
  /** In the caller's order; empty for `unconfined`. */
  readonly all: readonly (Profile | Filter)[];
  /** The lists that have one more source than this one, by that source. */
  readonly #longer = new WeakMap<Profile | Filter, LoadedSources>();
  /** The sources as resolved for this machine, by the host options. */
  readonly #resolved = new Map<string, ResolvedSources>();

  private constructor(all: readonly (Profile | Filter)[]) {
    this.all = Object.freeze(all);
  }

  static readonly none = new LoadedSources([]);

  /** The list that has this source after all others. */
  and(source: Profile | Filter): LoadedSources {
    return remember(this.#longer, source, () => new LoadedSources([...this.all, source]));
  }

  /** The sources resolved for this machine, once for each variant of the host options. */
  resolved(variant: string, host: () => Host): ResolvedSources {
    return remember(this.#resolved, variant, () => resolveOn(host(), this));
  }
}

function loadSources(profile: unknown, name: string): LoadedSources {
  return sourceList(profile, name).reduce<LoadedSources>((sources, each, i) => {
    const place = Array.isArray(profile) ? `${name}[${i}]` : name;
    const source = each instanceof Filter && Filter.is(each) ? each : loadOnce(each, place);
    return source instanceof Profile && source.isUnconfined ? sources : sources.and(source);
  }, LoadedSources.none);
}

/**
 * Maximum length of a list: the addon attaches at most 8 filters. The kernel's limit is 32,768 instructions for all
 * filters of a thread.
 */
const MOST_SOURCES = 8;

const isNothing = (source: unknown) => source === undefined || source === null || source === false || source === '';

function sourceList(profile: unknown, name: string): readonly unknown[] {
  if (isNothing(profile) || (Array.isArray(profile) && profile.length === 0)) throw profileRequired(name, profile);
  if (!Array.isArray(profile)) return [profile];
  const refuse = refuseIn(name);
  if (profile.length > MOST_SOURCES) refuse([], `a list of profiles has 1 to ${MOST_SOURCES}, not ${profile.length}`);
  const sources = copyList(profile, MOST_SOURCES, refuse);
  const nothing = sources.findIndex(isNothing);
  if (nothing >= 0) throw profileRequired(`${name}[${nothing}]`, sources[nothing]);
  return sources;
}

/** Loaded built-ins by name. Files are not cached, as they may change. */
const builtins = new Map<string, Profile>();

function loadOnce(source: unknown, name: string): Profile {
  const known = typeof source === 'string' ? builtins.get(source) : undefined;
  if (known !== undefined) return known;
  const profile = loadSource(
    source,
    undefined,
    name,
    `${ONE_PROFILE}, a Filter, or a list of these; compile() makes a Filter of a policy`,
  );
  if (BUILTIN_DEFINITIONS.has(profile.source) && typeof source === 'string') builtins.set(source, profile);
  return profile;
}

function decidedSource(source: Profile | Filter, host: Host): DecidedSource {
  if (source instanceof Profile) return { policy: resolve(source, host), flags: flagsOf(source), filter: undefined };
  const filter = compiledOf(source);
  return { policy: filter.policy, flags: filter.flags, filter };
}

/**
 * The flags of a profile. TSYNC is not among them, as a child has one thread. In compat mode, no list of flags means
 * SPEC_ALLOW, as in runc, and an empty list means none.
 */
function flagsOf({ mode, document: { flags } }: Profile): readonly AttachFlag[] {
  if (flags === undefined) return mode === 'compat' ? ['SPEC_ALLOW'] : [];
  return (['LOG', 'SPEC_ALLOW'] as const).filter((name) => flags.includes(`SECCOMP_FILTER_FLAG_${name}`));
}
