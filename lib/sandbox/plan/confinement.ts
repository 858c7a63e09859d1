/** The confinement of a program beside its profile: its isolation, paths and network, and what is enforced of them. */
import { release } from 'node:os';
import { resolve } from 'node:path';
import { SeccompError } from '../../errors.js';
import { readStatus } from '../../kernel/process-status.js';
import {
  type Isolation,
  type IsolationSubject,
  isolation,
  isolationSupport,
  notIsolated,
} from '../../landlock/domain.js';
import type { Enforcement, NetworkEnforcement } from '../../landlock/enforcement.js';
import { closedByPaths } from '../../landlock/paths/file-reaches.js';
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { type PathPlan, planPaths } from '../../landlock/paths/plan.js';
import { pathsSupport } from '../../landlock/paths/support.js';
import { type Denials, denialsFor } from '../../policy/denials.js';
import { isRootOutside } from '../../process-tree/rlimits.js';
import { CAPABILITIES, capabilitiesIn } from '../../syscalls/capabilities.js';
import { shownName } from '../../util/foreign-text.js';
import { homeDirectories, isOrContains } from '../file/home-directories.js';
import type { ProgramOptions } from '../options/types.js';
import { grantedPaths } from './granted-paths.js';

type IsolationOptions = Pick<ProgramOptions, 'isolate' | 'uid' | 'capabilities' | 'rlimits' | 'cwd'>;

/** A program's confinement. */
export interface Confinement {
  /** Undefined if it is not isolated. */
  readonly isolation: Isolation | undefined;
  /** Undefined if its paths are not restricted. */
  readonly paths: PathPlan | undefined;
  /** Whether it may make and connect no sockets. */
  readonly hasNoNetwork: boolean;
  /** Whether one of its descriptors is a terminal. */
  readonly hasTerminal: boolean;
}

/**
 * The isolation of a program; undefined for none. By default, a program is isolated if it is filtered: under
 * `unconfined` it starts as if this package did not exist.
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if `isolate: true` can't be honored.
 */
export function isolationFor(
  options: IsolationOptions,
  { isFiltered, hasTerminal }: { readonly isFiltered: boolean; readonly hasTerminal: boolean },
): Isolation | undefined {
  const { isolate } = options;
  if (isolate === undefined && !isFiltered) return undefined;
  return isolation(isolate, () => subjectOf(options, hasTerminal));
}

type PathOptions = Pick<ProgramOptions, 'paths' | 'bestEffort' | 'isolate' | 'cwd'>;

/**
 * Who enters the domain: a process that reports whether it could, one that does not, or all threads of this process.
 */
type DomainOf = 'reported' | 'of all threads';

/**
 * How a program's paths are restricted; undefined if they are not.
 *
 * @param subject - Whether this process can remove a private directory when the program has ended, and whether the program
 * is given a terminal.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if they can't be, unless `bestEffort` is set.
 */
export function pathsFor(
  { paths, bestEffort = false, isolate, cwd }: PathOptions,
  domain: DomainOf,
  { removesTmp, hasTerminal }: { readonly removesTmp: boolean; readonly hasTerminal: boolean },
): PathPlan | undefined {
  if (paths === undefined) return undefined;
  const given = paths as CheckedPaths;
  const checked = hasTerminal ? given.withTerminal : given;
  if (!removesTmp && checked.words.has('@tmp')) refuseTmp(checked);
  if (checked.keepsHome) refuseHome(resolve(String(cwd ?? '')));
  const plan = planPaths(checked, bestEffort, obstacleTo(domain));
  if (plan.gaps?.unixSockets && opensAbstractSockets(isolate)) {
    const reason = `with paths, Linux ${release()} denies all Unix sockets, since only Landlock ABI 9 (Linux 7.1) tells them apart`;
    refuseAbstractSockets('ERR_SECCOMP_UNSUPPORTED', reason);
  }
  return plan;
}

const opensAbstractSockets = (isolate: ProgramOptions['isolate']) =>
  typeof isolate === 'object' && isolate.abstractSockets === true;

/**
 * Whether a program may make and connect no sockets.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION if another option opens some.
 */
export function hasNoNetwork({ network, isolate }: Pick<ProgramOptions, 'network' | 'isolate'>): boolean {
  if (network === undefined) return false;
  if (opensAbstractSockets(isolate))
    refuseAbstractSockets('ERR_SECCOMP_OPTION', "network: 'none' denies all Unix sockets");
  return true;
}

function refuseTmp({ form: { name } }: CheckedPaths): never {
  const message = `${name}: @tmp is removed by the parent of a program, and here is none: give a directory of your own`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/**
 * Refuses a working directory that is a home directory or has one beneath it: a sandbox for untrusted programs grants it
 * for reading.
 */
function refuseHome(directory: string): void {
  const found = directory === '/' ? '/' : homeDirectories().find((home) => isOrContains(directory, home));
  if (found === undefined) return;
  const what = found === '/' ? 'all files' : `the home directory ${found}`;
  const why = `the working directory ${shownName(directory)} contains ${what}, and this sandbox lets the program read it`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${why}: start it in a directory that has only what it may read`);
}

/** Why the domain can't be entered; null if no reason is known. */
function obstacleTo(domain: DomainOf): string | null {
  if (domain === 'reported') return null;
  const { by, reason } = isolationSupport(true);
  if (by === null) return reason;
  const { abi } = pathsSupport();
  if (abi === null || abi >= ALL_THREADS_ABI) return null;
  const remedy = `start it by \`node --import seccomp/register\` with ${PATHS_VARIABLE}, by fork or by spawn`;
  return `a running process can be restricted only with Landlock ABI ${ALL_THREADS_ABI}, Linux 7.0 or newer, and Linux ${release()} has ABI ${abi}: ${remedy}`;
}

/** LANDLOCK_RESTRICT_SELF_TSYNC: all threads enter the domain, or none. */
const ALL_THREADS_ABI = 8;

/** The variable in which seccomp/register finds `paths`, as JSON. */
export const PATHS_VARIABLE = 'SECCOMP_PATHS';

function refuseAbstractSockets(code: 'ERR_SECCOMP_OPTION' | 'ERR_SECCOMP_UNSUPPORTED', reason: string): never {
  throw new SeccompError(code, `options.isolate.abstractSockets can't be honored: ${reason}; leave it out`);
}

/**
 * What the filter denies beside what its profile does.
 *
 * @param isGroup - Whether the program's tree is a process group.
 */
export function denialsOf(confined: Confinement, isGroup: boolean): Denials {
  const { isolation, paths, hasNoNetwork: network, hasTerminal } = confined;
  const isIsolated = isolation !== undefined;
  return {
    ...denialsFor(isIsolated, paths?.gaps, isGroup),
    withoutTerminal: isIsolated && !hasTerminal,
    network,
  };
}

/** The same string for equal denials. */
export const keyOf = (denials: Denials): string => Object.values(denials).join();

/**
 * Returns what is enforced on a program. `domainError` is the errno with which it failed to enter its domain, or 0.
 */
export function enforcementOf(
  options: IsolationOptions,
  { isolation, paths, hasNoNetwork, hasTerminal }: Confinement,
  domainError = 0,
): Enforcement {
  const isolated =
    isolation?.enforced(domainError) ?? notIsolated(subjectOf(options, hasTerminal), options.isolate === false);
  const enforced = hasNoNetwork ? { ...isolated, network: BY_FILTER } : isolated;
  if (paths === undefined) return enforced;
  const ofPaths = paths.enforced(domainError);
  if (ofPaths.by === undefined) return { ...enforced, paths: ofPaths };
  const reaches = closedByPaths(grantedPaths(paths.paths, options), hasTerminal);
  const { closed, open, ...how } = enforced.isolation;
  const stillOpen = open.filter(({ reach }) => !reaches.includes(reach));
  const ofIsolation = { ...how, closed: [...new Set([...closed, ...reaches])], open: stillOpen };
  return { ...enforced, isolation: ofIsolation, paths: ofPaths };
}

/** How `network: 'none'` is enforced. */
export const BY_FILTER: NetworkEnforcement = Object.freeze({ by: 'filter' });

/**
 * With one of these capabilities, a child can read other processes' environments from inside its domain. Source:
 * may_access_mm(), kernel/fork.c.
 */
const INSPECTING = ['CAP_PERFMON', 'CAP_SYS_ADMIN'];

function subjectOf(options: IsolationOptions, hasTerminal: boolean): IsolationSubject {
  const ours = process.geteuid?.() ?? 0;
  const { uid } = options;
  const ids = idsOf(uid ?? undefined, ours);
  const isUser0 = ids.includes(0);
  const kept = options.capabilities ?? CAPABILITIES;
  // A program that does not run as root has the ambient capabilities only, and none if root has changed its user ID.
  const own = isUser0
    ? withinBounds(kept)
    : ours === 0 && uid !== undefined && uid !== null
      ? []
      : capabilitiesIn(status('CapAmb') || '0').filter((name) => kept.includes(name));
  return {
    isSameUser: (uid ?? ours) === ours,
    isRoot: (isUser0 || own.includes('CAP_SETUID')) && isRootOutside(),
    mayInspect: INSPECTING.some((name) => own.includes(name)),
    writesNoCore: hardCore(options) === 0,
    hasTerminal,
  };
}

/** Those of the capabilities that a program which runs as root gets: in a container, root has some only. */
function withinBounds(kept: readonly string[]): readonly string[] {
  const bounds = status('CapBnd');
  return bounds === '' ? kept : capabilitiesIn(bounds).filter((name) => kept.includes(name));
}

/**
 * The user IDs that the child has or may take: real, effective and saved. setuid(2) changes all three only for root.
 */
function idsOf(uid: number | undefined, ours: number): readonly number[] {
  if (uid !== undefined && ours === 0) return [uid];
  const all = status('Uid')
    .split('\t')
    .filter((id) => id !== '');
  return [uid ?? ours, process.getuid?.() ?? 0, ...all.slice(2, 3).map(Number)];
}

/** A field of /proc/self/status; empty if there is none, or /proc can't be read. */
export function status(field: string): string {
  try {
    return readStatus('self').get(field) ?? '';
  } catch {
    return '';
  }
}

function hardCore({ rlimits }: IsolationOptions): unknown {
  const limit = rlimits?.core;
  return typeof limit === 'object' && limit !== null ? limit.hard : limit;
}
