/** Resource limits of the programs that this package starts: setrlimit(2). */

import { readFileSync } from 'node:fs';
import { refuseIn, SeccompError } from '../errors.js';
import { mappedUserIds } from '../kernel/process-status.js';
import { quoted } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { invalidAmount } from '../util/option-errors.js';
import { copyFields, own } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import { BYTE_SIZE_FORMS, type ByteSizeText, byteSize } from './byte-size.js';

/**
 * RLIMIT_* by name, in the order of their numbers, and whether the limit is a number of bytes. Source:
 * asm-generic/resource.h, which all CPUs that Node runs on use.
 */
const IN_BYTES: ReadonlyMap<string, boolean> = new Map(
  Object.entries({
    cpu: false,
    fsize: true,
    data: true,
    stack: true,
    core: true,
    rss: true,
    nproc: false,
    nofile: false,
    memlock: true,
    as: true,
    locks: false,
    sigpending: false,
    msgqueue: true,
    nice: false,
    rtprio: false,
    rttime: false,
  } satisfies Record<ResourceName, boolean>),
);

/** The names of the resources, in the order of their numbers. */
export const RESOURCES: readonly string[] = [...IN_BYTES.keys()];

/**
 * A resource that Linux limits: RLIMIT_* of getrlimit(2), in lower case. The unit of its limit is:
 *
 * - Bytes: `as` (address space), `core` (core file), `data` (data segment and heap), `fsize` (each file that the process
 *   writes), `memlock` (locked memory), `msgqueue` (POSIX message queues of the user), `stack`.
 * - Seconds: `cpu` (CPU time).
 * - Microseconds: `rttime` (CPU time of a real-time process without a blocking call).
 * - A number: `nofile` (one more than the highest descriptor), `nproc` (processes and threads of the user), `sigpending`
 *   (queued signals of the user).
 * - A priority: `rtprio` (the highest real-time priority), `nice` (20 minus the lowest nice value).
 *
 * `rss` and `locks`, in bytes and a number, have no effect since Linux 2.6.
 */
export type ResourceName =
  | 'cpu'
  | 'fsize'
  | 'data'
  | 'stack'
  | 'core'
  | 'rss'
  | 'nproc'
  | 'nofile'
  | 'memlock'
  | 'as'
  | 'locks'
  | 'sigpending'
  | 'msgqueue'
  | 'nice'
  | 'rtprio'
  | 'rttime';

/**
 * A limit in the unit of its resource, see {@link ResourceName}: an integer from 0 to 2⁶⁴ − 1, as a bigint if it is
 * above `Number.MAX_SAFE_INTEGER`; `unlimited`; or, for bytes, a text with a unit, such as `512M`: see {@link ByteSize}.
 */
export type LimitValue = number | bigint | 'unlimited' | ByteSizeText;

/**
 * Limits by resource; {@link ResourceName} lists the units. One value is both the soft and the hard limit. Resources
 * that are left out keep the limits of this process.
 */
export type ResourceLimits = Readonly<
  Partial<Record<ResourceName, LimitValue | { readonly soft: LimitValue; readonly hard: LimitValue }>>
>;

const NO_LIMIT = 2n ** 64n - 1n;

const PLACE = 'options.rlimits';
const refuse = refuseIn(PLACE);

/**
 * Checks limits, and returns a copy of them.
 *
 * @throws TypeError, RangeError as Node for an unknown resource, and for a limit that is not valid.
 */
export function readLimits(value: unknown): ResourceLimits {
  if (typeof value !== 'object' || value === null)
    throw invalidAmount(PLACE, 'an object such as { nofile: 64 }', value, 'type');
  const limits = copyFields(value, refuse);
  for (const [name, limit] of Object.entries(limits)) {
    if (!RESOURCES.includes(name)) {
      const names = `the resources are ${RESOURCES.join(', ')}`;
      const ofTree = name === 'memory' || name === 'processes' ? `; options.limits has ${name}` : '';
      const message = `options.rlimits: unknown resource ${quoted(name)}${suggest(name, RESOURCES)}: ${names}${ofTree}`;
      throw argumentError('value', message);
    }
    const { soft, hard } = bounds(limit, name);
    if (limitValue(soft, name) > limitValue(hard, name))
      throw invalidAmount(`${PLACE}.${name}`, 'a soft limit that is not above the hard one', soft, 'range');
    limits[name] = own({ soft, hard });
  }
  return limits;
}

/** Checked limits as the addon takes them: flat triples of resource, soft and hard limit. */
export function limitTriples(limits: ResourceLimits | undefined): readonly (number | bigint)[] {
  return Object.entries(limits ?? {}).flatMap(([name, limit]) => {
    const { soft, hard } = bounds(limit, name);
    return [RESOURCES.indexOf(name), limitValue(soft, name), limitValue(hard, name)];
  });
}

/** A limit of so much, or of this process's hard limit if that is less: nothing is raised. */
export function atMost(resource: ResourceName, limit: number): { readonly soft: number; readonly hard: number } {
  const ours = hardLimits().at(RESOURCES.indexOf(resource)) ?? NO_LIMIT;
  const least = ours < BigInt(limit) ? Number(ours) : limit;
  return own({ soft: least, hard: least });
}

/**
 * Names the first limit that is above this process's hard limit, as the end of a message; empty if none is known.
 *
 * @param limits - Checked limits.
 */
export function limitAboveOurs(limits: ResourceLimits | undefined): string {
  const ours = hardLimits();
  for (const [name, limit] of Object.entries(limits ?? {})) {
    const hard = limitValue(bounds(limit, name).hard, name);
    const most = ours.at(RESOURCES.indexOf(name));
    if (most === undefined || hard <= most) continue;
    const given = hard === NO_LIMIT ? 'unlimited' : hard;
    return `: options.rlimits.${name}: ${given} is above the hard limit of this process, ${most}: give at most that, or raise it, which needs CAP_SYS_RESOURCE`;
  }
  return '';
}

/** The hard limits of this process, in the order of RESOURCES, as far as they are known. Source: proc_pid_limits(5). */
function hardLimits(): readonly bigint[] {
  try {
    const [, ...lines] = readFileSync('/proc/self/limits', 'utf8').trimEnd().split('\n');
    return lines.map((line) => {
      const hard = line.slice(47).trim().split(/\s+/, 1)[0] ?? '';
      return /^\d+$/.test(hard) ? BigInt(hard) : NO_LIMIT;
    });
  } catch {
    return [];
  }
}

/**
 * Refuses a limit on the processes of root. RLIMIT_NPROC does not bind user 0 of the initial user namespace, with
 * capabilities or without. Source: is_rlimit_overlimit and copy_process of Linux, kernel/fork.c: `user != INIT_USER`.
 *
 * @param limits - Checked limits; undefined for none.
 * @param uid - The child's user ID, if it differs from this process's.
 * @throws {SeccompError} ERR_SECCOMP_OPTION
 */
export function refuseProcessLimitOfRoot(limits: unknown, uid: unknown): void {
  if (typeof limits !== 'object' || limits === null || !Object.hasOwn(limits, 'nproc')) return;
  const user = typeof uid === 'number' ? uid : process.getuid?.();
  if (user !== 0 || !isRootOutside()) return;
  const message = 'options.rlimits.nproc: Linux does not apply this limit to root: give the child another uid';
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** Whether user 0 of this process's user namespace is user 0 of the initial one; true if that is unknown. */
export const isRootOutside = (): boolean =>
  mappedUserIds()?.some(({ first, outside }) => first === 0 && outside === 0) ?? true;

/** The soft and the hard limit of a resource. */
function bounds(limit: unknown, name: string): { readonly soft: unknown; readonly hard: unknown } {
  if (typeof limit !== 'object' || limit === null) return { soft: limit, hard: limit };
  const { soft, hard, ...others } = copyFields(limit, (path, problem, kind) => refuse([name, ...path], problem, kind));
  for (const key of Object.keys(others)) refuse([name, key], 'is unknown: a limit has soft and hard');
  return { soft, hard };
}

function limitValue(value: unknown, name: string): bigint {
  if (value === 'unlimited') return NO_LIMIT;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'bigint' && value >= 0n && value <= NO_LIMIT) return value;
  const isOfBytes = IN_BYTES.get(name) === true;
  const bytes = isOfBytes ? byteSize(value) : undefined;
  if (bytes !== undefined && bytes <= NO_LIMIT) return bytes;
  const forms = isOfBytes ? BYTE_SIZE_FORMS : 'an integer from 0 to 2⁶⁴ − 1';
  throw invalidAmount(`${PLACE}.${name}`, `${forms}, "unlimited", or { soft, hard } of these`, value);
}
