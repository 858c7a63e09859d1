/** harden(): attaches a profile's filter to the process that calls it. */
import { SeccompError } from '../errors.js';
import { type CompiledFilter, type Filter, filterOf } from '../filter/filter.js';
import type { NetworkEnforcement, PathsEnforcement } from '../landlock/enforcement.js';
import type { Paths } from '../landlock/paths/option.js';
import { pathsError } from '../landlock/paths/plan.js';
import { addon } from '../native.js';
import { loadAllChunks } from '../util/load-chunks.js';
import { own } from '../util/own-data.js';
import { normalizeOwnArguments } from './arguments.js';
import { NO_PROGRAM, toNativeConfinement, toNativeFilters } from './child/native-request.js';
import type { AttachOptions } from './options/types.js';
import { BY_FILTER } from './plan/confinement.js';
import { type FilterPlan, planFilters } from './plan/plan-filters.js';
import { type FilterSource, HOST_OPTIONS, resolveSources } from './plan/resolve-sources.js';
import { ALL_THREADS, installFilters, threadState } from './this-process/install-filters.js';
import { besideIoUring } from './this-process/io-uring.js';
import { deniesCall } from './this-process/libuv-calls.js';
import { listeningSockets } from './this-process/open-descriptors.js';

/** Options of `harden`. */
export interface HardenOptions extends AttachOptions {
  /**
   * The threads that the filter is attached to: all that this process has and will have, or the calling one. Default
   * `'all'`.
   */
  readonly threads?: 'all' | 'current' | undefined;
  /**
   * Must be true with `threads: 'current'`, to confirm that such a filter is not a security boundary: all threads share
   * libuv's thread pool. See docs/reference/node-processes.md. Default false.
   */
  readonly acceptSharedPool?: boolean | undefined;
  /**
   * Whether Node's io_uring instances stay usable under a filter that denies io_uring_enter. It then allows
   * that call on their descriptors, and does not see the operations that are requested through them. See
   * docs/reference/node-processes.md. Default false.
   */
  readonly acceptRings?: boolean | undefined;
  /**
   * Capabilities that the profile is resolved for. The process keeps all that it has. An error where it has no effect:
   * for a `Filter` and `unconfined`. Default none.
   */
  readonly capabilities?: readonly string[] | undefined;
  /**
   * Whether to set no_new_privs, so that a set-user-ID program gains nothing. With false, attaching a filter needs
   * CAP_SYS_ADMIN. Default true.
   */
  readonly noNewPrivileges?: boolean | undefined;
  /**
   * The files that this process may reach from now on: see docs/paths.md. Needs Linux 7.0; `seccomp/register` restricts a
   * Node from its start on any kernel with Landlock. Default: its files are not restricted.
   */
  readonly paths?: Paths | undefined;
  /**
   * With `'none'`, this process makes no sockets from now on but connected pairs, and does not connect or bind those that
   * it has: see docs/reference/network.md. Default: the network is not restricted.
   */
  readonly network?: 'none' | undefined;
  /**
   * Whether to attach the filter although this kernel can't restrict the paths of a running process: the result's `paths`
   * then says so. An error without `paths`. Default false: what can't be restricted is an error.
   */
  readonly bestEffort?: boolean | undefined;
}

/** The filters of this process after `harden`. */
export interface Hardened {
  /** The threads that have the filters. */
  readonly threads: 'all' | 'current';
  /** The filters that this call attached, in this order; none for `unconfined`. */
  readonly filters: readonly Filter[];
  /**
   * The number of filters of the calling thread, including those that this package did not attach. Null if the kernel
   * does not report it: before Linux 5.9, or without /proc.
   */
  readonly filtersInForce: number | null;
  /** Whether no_new_privs is set. Null if the kernel does not report it. */
  readonly noNewPrivileges: boolean | null;
  /** How the paths of this process are restricted. Absent without the option `paths`. */
  readonly paths?: PathsEnforcement;
  /** What keeps this process from the network. Absent without the option `network`. */
  readonly network?: NetworkEnforcement;
}

/**
 * Attaches the filter of `profile` to all threads of this process, or to the calling one. It can't be removed.
 * `unconfined` does nothing, unless an option denies calls.
 *
 * @param profile - As for `spawn`. A profile whose notifications need an answer is refused.
 * @param options - Options; see the table below.
 * @returns What is attached now.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an option that can't be honored, ERR_SECCOMP_ATTACH if the kernel
 * refuses the filter or a thread has a filter of its own, ERR_SECCOMP_UNSUPPORTED for a profile under which this
 * process could not continue, or for `paths` that can't be restricted. Nothing is then attached, but no_new_privs may be
 * set on the calling thread, and the paths may be restricted.
 * @example
 * import { Profile, harden } from 'seccomp';
 *
 * harden(Profile.denylist().deny('chroot'));
 */
export function harden(profile: FilterSource, options: HardenOptions = {}): Hardened {
  return hardenProcess(profile, options, 'harden');
}

/** The steps of harden(). seccomp/register has this process enter the domain of its paths before. */
export function hardenProcess(profile: FilterSource, options: HardenOptions, target: 'harden' | 'register'): Hardened {
  const call = normalizeOwnArguments<HardenOptions>(profile, options);
  const { threads = 'all', noNewPrivileges = true, acceptRings = false } = call.options;
  refuseSharedPool(call.options);
  if (call.options.paths !== undefined && threads !== 'all') {
    const message =
      "options.paths: can't be restricted for one thread alone: leave out threads: 'current', or leave it out";
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const sources = resolveSources(call.profile, call.options, HOST_OPTIONS);
  const plan = planFilters(sources, call.options, target);
  if (plan.filters.length > 0) addon(); // Throws on a system where none can be attached.
  // A Node that was restarted in the domain of its paths has no io_uring and no server, and may not reach /proc.
  const isRestarted = target === 'register' && plan.paths !== undefined;
  const attached = isRestarted ? plan.filters : besideIoUring(plan.filters, acceptRings);
  if (!isRestarted) checkListening(attached);
  const filters = Object.freeze(attached.map(filterOf));
  const before = threadState();
  loadAllChunks(); // Afterwards, files may not be open to this process.
  const domainError = target === 'harden' ? enterDomain(plan, noNewPrivileges) : 0;
  const paths = plan.paths?.enforced(domainError);
  const restricted = {
    ...(paths === undefined ? {} : { paths }),
    ...(plan.hasNoNetwork ? { network: BY_FILTER } : {}),
  };
  if (filters.length === 0) return { threads, filters, ...inForce(before, 0, false), ...restricted };
  const { filterFlags, ...request } = toNativeFilters({ ...plan, filters: attached }, noNewPrivileges);
  installFilters({ ...request, filterFlags: filterFlags | (threads === 'all' ? ALL_THREADS : 0) });
  return { threads, filters, ...inForce(before, filters.length, noNewPrivileges), ...restricted };
}

/** Restricts the paths of this process. Returns the errno of a failure that bestEffort accepts, or 0. */
function enterDomain(plan: FilterPlan, noNewPrivileges: boolean): number {
  const { ruleset } = toNativeConfinement(plan, own({}), () => NO_PROGRAM);
  if (ruleset === undefined) return 0;
  const error = addon().restrictThisProcess(ruleset, noNewPrivileges);
  if (error !== 0 && plan.paths?.required) throw pathsError(plan.paths, error);
  return error;
}

/** The state after the filters were attached. It is computed, not read again: a filter may deny reading /proc. */
function inForce(before: ReturnType<typeof threadState>, added: number, noNewPrivileges: boolean) {
  return {
    filtersInForce: before.filters === null ? null : before.filters + added,
    noNewPrivileges: noNewPrivileges || before.noNewPrivileges,
  };
}

function refuseSharedPool({ threads = 'all', acceptSharedPool = false }: HardenOptions): void {
  if (acceptSharedPool === (threads === 'current')) return;
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    threads === 'all'
      ? "options.acceptSharedPool has an effect only with threads: 'current': leave it out"
      : "threads: 'current' is not a security boundary: all threads share libuv's pool, so asynchronous fs, dns, crypto and zlib run " +
          'on threads with other filters, or threads of the pool inherit this filter. Harden all threads, or fork a ' +
          'process; to accept this, add acceptSharedPool: true',
  );
}

/**
 * Refuses a filter under which a server of this process could not accept connections. libuv would call accept4 without
 * end, since poll(2) keeps reporting the waiting client.
 */
function checkListening(filters: readonly CompiledFilter[]): void {
  const policies = filters.map(({ policy }) => policy);
  if (!deniesCall(policies, 'accept4')) return;
  const sockets = listeningSockets().filter((fd) => deniesCall(policies, 'accept4', fd));
  if (sockets.length === 0) return;
  const which = `descriptor${sockets.length === 1 ? '' : 's'} ${sockets.join(', ')}`;
  throw new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    `this process listens on a socket (${which}), and the profile denies accept4: no client would be served, and the ` +
      'event loop would try again without end. Close its servers before, or allow accept4, as extend(profile).allow(…) does',
  );
}
