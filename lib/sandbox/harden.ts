/** harden(): puts a profile on the process that calls it. */
import { SeccompError } from '../errors.js';
import { compilePolicy } from '../filter/compile.js';
import { type Filter, policyOf } from '../filter/filter.js';
import { union } from '../policy/algebra.js';
import { syscallNumber } from '../syscalls/table.js';
import { loadAllChunks } from '../util/load-chunks.js';
import { checkFilterOptions, type FilterOptions, invalidType, invalidValue, readOptions } from './options/options.js';
import { type FilterSource, loadSources, prepare, refuseUnused } from './plan/plan-filters.js';
import { filterRequest } from './spawn.js';
import { ALL_THREADS, installFilters, threadState } from './this-process/install-filters.js';
import { ioUringDescriptors } from './this-process/io-uring.js';
import { deniesCall } from './this-process/libuv-calls.js';
import { listeningSockets } from './this-process/open-descriptors.js';

export interface HardenOptions extends FilterOptions {
  /** Which threads get the filter: all that this process has, and will have, or the calling one. Default `all`. */
  readonly threads?: 'all' | 'current' | undefined;
  /**
   * Must be true with `threads: 'current'`: says that you know that such a filter is no boundary, since all threads
   * share libuv's pool. See docs/harden.md.
   */
  readonly acceptSharedPool?: boolean | undefined;
  /**
   * Whether the io_uring instances that Node has made stay usable where the profile denies io_uring_enter: the filter then
   * allows that call on their descriptors, and does not see what is asked through them. Default false. See docs/harden.md.
   */
  readonly acceptRings?: boolean | undefined;
  /** Capabilities that the profile is resolved for. None is taken from the process. Default none. */
  readonly capabilities?: readonly string[] | undefined;
}

const HARDEN_OPTIONS = ['threads', 'acceptSharedPool', 'acceptRings', 'capabilities', 'abis', 'noNewPrivileges', 'log'];

/** What is in force now. */
export interface Hardened {
  readonly threads: 'all' | 'current';
  /** What this call put on, in this order; empty for `unconfined`. */
  readonly filters: readonly Filter[];
  /** How many filters are on, others' among them; null if the kernel does not say (before Linux 5.9, or no /proc). */
  readonly filtersInForce: number | null;
  /** null if the kernel does not say. */
  readonly noNewPrivileges: boolean | null;
}

/**
 * Puts `profile` on all threads of this process, or on the calling one, for good. `unconfined` does nothing.
 * @throws ProfileError, SeccompError if the profile or an option is not valid, the kernel refuses the filter, or a thread
 * has a filter of its own (ERR_SECCOMP_ATTACH, with that thread's number and name). Nothing is then put on, but for
 * no_new_privs on the calling thread.
 */
export function harden(profile: FilterSource, options: HardenOptions = {}): Hardened {
  const given = readOptions<HardenOptions>(options, HARDEN_OPTIONS);
  const { threads, noNewPrivileges, acceptRings } = checkOptions(given);
  const sources = loadSources(profile);
  refuseUnused(sources.all, given, ['capabilities']); // Of a child they are what it keeps; from here none is taken.
  const filters = besideRings(prepare(sources, given, []), acceptRings);
  checkListening(filters);
  const before = threadState();
  if (filters.length === 0) return { threads, filters, ...inForce(before, 0, false) };
  const { filterFlags, ...request } = filterRequest(filters, given);
  loadAllChunks(); // Under the filters, files may not be open to this process.
  installFilters({ ...request, noNewPrivileges, filterFlags: filterFlags | (threads === 'all' ? ALL_THREADS : 0) });
  return { threads, filters, ...inForce(before, filters.length, noNewPrivileges) };
}

/** Counted, not asked again: the filter may deny reading /proc. */
function inForce(before: ReturnType<typeof threadState>, added: number, noNewPrivileges: boolean) {
  return {
    filtersInForce: before.filters === null ? null : before.filters + added,
    noNewPrivileges: noNewPrivileges || before.noNewPrivileges,
  };
}

function checkOptions(options: HardenOptions) {
  checkFilterOptions(options);
  const { threads = 'all', acceptSharedPool = false, acceptRings = false, noNewPrivileges = true } = options;
  if (typeof acceptRings !== 'boolean') throw invalidType('options.acceptRings', 'of type boolean', acceptRings);
  if (threads !== 'all' && threads !== 'current')
    throw invalidValue('options.threads', threads, "must be 'all' or 'current'");
  if (acceptSharedPool === (threads === 'current')) return { threads, noNewPrivileges, acceptRings };
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    threads === 'all'
      ? "options.acceptSharedPool goes with threads: 'current' only"
      : "threads: 'current' is no boundary: all threads share libuv's pool, so asynchronous fs, dns, crypto and zlib run " +
          'on threads with other filters, or this filter gets onto those of the others. Harden all threads, or fork a ' +
          'process; if you know this and want it, add acceptSharedPool: true',
  );
}

/** The filters as they can be put on beside the io_uring instances of this process. */
function besideRings(filters: readonly Filter[], accepted: boolean): readonly Filter[] {
  if (!deniesCall(policiesIn(filters), 'io_uring_enter')) return filters;
  const rings = ioUringDescriptors();
  if (rings.length === 0) return filters;
  if (!accepted) throw ringsError();
  return filters.map((filter) => (deniesCall([policyOf(filter)], 'io_uring_enter') ? allowing(rings, filter) : filter));
}

/** The same, and io_uring_enter on these descriptors is allowed. */
function allowing(rings: readonly number[], filter: Filter): Filter {
  const policy = policyOf(filter);
  const abi = policy.abis[0]?.abi;
  const number = abi === undefined ? undefined : syscallNumber(abi.name, 'io_uring_enter');
  if (abi === undefined || number === undefined) throw ringsError();
  const decisions = rings.map((fd) => ({
    conditions: [{ index: 0, width: 32, op: 'eq', value: BigInt(fd) } as const],
    action: { kind: 'allow' } as const,
  }));
  const kill = { kind: 'kill-process' } as const; // For all else: never less restrictive than the profile.
  const exception = {
    abis: [{ abi, syscalls: new Map([[number, decisions]]), ranges: [] }],
    defaultAction: kill,
    foreignAction: kill,
  };
  return compilePolicy(union(policy, exception), { flags: filter.flags });
}

/** A server that may not accept is not told: libuv asks again at once, for ever, as poll(2) says that a client waits. */
function checkListening(filters: readonly Filter[]): void {
  const policies = policiesIn(filters);
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

const policiesIn = (filters: readonly Filter[]) => filters.map(policyOf);

function ringsError(): SeccompError {
  return new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    "this Node's event loops hold io_uring instances, and the profile denies io_uring_enter: the process would be " +
      'aborted at its next use of them. Start it by fork() or with --import seccomp/register, or where io_uring_setup ' +
      'is denied from the start, or leave those usable by acceptRings: true; see docs/harden.md for what that means',
  );
}
