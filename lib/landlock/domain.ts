/** Isolation: a child in a Landlock domain of its own can't reach its parent, nor processes that others started. */
import { readFileSync } from 'node:fs';
import { constants, release } from 'node:os';
import { SeccompError } from '../errors.js';
import { kernelConfig } from '../kernel/config.js';
import { filterDenies, type Obstacle, obstacleText } from '../kernel/obstacle.js';
import { hasFilter } from '../kernel/process-status.js';
import { addon, type NativeDomain } from '../native.js';
import { defineHidden } from '../util/caller.js';
import { freeze, own } from '../util/own-data.js';
import { systemError } from '../util/system-error.js';
import type { Enforcement, OpenReach, Reach } from './enforcement.js';

/** Whether a child is isolated, and which exceptions there are. */
export type Isolate = boolean | IsolateOptions;

/** The isolation of a child that starts only where scopes isolate it, also as root, whose files its paths then keep from it. */
export const BY_SCOPES_ALONE: IsolateOptions = freeze({ abstractSockets: false });

/** Exceptions from a child's isolation. */
export interface IsolateOptions {
  /**
   * Whether the child can connect to abstract Unix sockets outside of its domain, such as those of X11. Default false.
   */
  readonly abstractSockets?: boolean | undefined;
}

/** The isolation that this kernel can enforce. */
export interface Support {
  /** The best means; null if there is none. */
  readonly by: 'scopes' | 'domain' | null;
  /** Why scopes can't be enforced; null if they can. */
  readonly reason: string | null;
  /** The obstacle to Landlock, if it is not the age of the kernel. */
  readonly obstacle?: Obstacle | undefined;
  /** The domain that a child enters; undefined if this kernel has none to enter. */
  readonly domain: NativeDomain | undefined;
}

/** LANDLOCK_SCOPE_* and LANDLOCK_ACCESS_FS_REFER of linux/landlock.h. */
const SCOPE_ABSTRACT_SOCKETS = 1;
const SCOPE_SIGNALS = 2;
const ACCESS_REFER = 1 << 13;

const SCOPES: NativeDomain = freeze([0, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS]);
const SCOPES_BUT_SOCKETS: NativeDomain = freeze([0, 0, SCOPE_SIGNALS]);
/**
 * Handles one access right, and grants it everywhere. A ruleset must handle at least one right. It handles
 * ACCESS_REFER, as a ruleset that does not handle ACCESS_REFER denies moving files between directories.
 */
const WITHOUT_SCOPES: NativeDomain = freeze([ACCESS_REFER, ACCESS_REFER, 0]);

let knownSupport: Support | undefined;

/**
 * Finds the isolation that this kernel can enforce, by entering domains on a thread that ends.
 *
 * @param now - Whether to probe the kernel again, instead of returning the first result: a filter that was attached
 * since then may forbid Landlock.
 */
export function isolationSupport(now = false): Support {
  if (now || knownSupport === undefined) knownSupport = freeze(findSupport());
  return knownSupport;
}

function findSupport(): Support {
  const { EINVAL } = constants.errno;
  const withScopes = answerOf(addon().tryDomain(SCOPES));
  if (withScopes === 0) return { by: 'scopes', reason: null, domain: SCOPES };
  const without = answerOf(addon().tryDomain(WITHOUT_SCOPES));
  const noScopes = `Linux ${release()} has no Landlock scopes: they need Linux 6.12 or newer`;
  if (without === 0) return { by: 'domain', reason: noScopes, domain: WITHOUT_SCOPES };
  const tooOld = `the Landlock version of Linux ${release()} is too old: isolation needs Linux 5.19 or newer`;
  return without === EINVAL ? { by: null, reason: tooOld, domain: undefined } : failed(without);
}

/** The errnos by which the kernel, or a filter, says what it can't do. Any other is a shortage of this moment, such as EMFILE. */
const ANSWERS: ReadonlySet<number> = new Set(
  (['ENOSYS', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'EINVAL', 'E2BIG'] as const).map((name) => constants.errno[name]),
);

/** Whether an errno with which a call of Landlock failed says what this system can't do. */
export const isAnswer = (errno: number): boolean => ANSWERS.has(errno);

/**
 * Returns the errno with which Landlock was tried: 0, or one that says what this system can't do.
 *
 * @throws {Error} a system error for a shortage, from which nothing follows about this system.
 */
export function answerOf(errno: number): number {
  if (errno === 0 || isAnswer(errno)) return errno;
  throw systemError(
    errno,
    'spawn',
    undefined,
    ', when this process tried what Landlock can do here: nothing was started',
  );
}

/** Why the system calls of Landlock fail with this errno, and what would help. */
export const landlockReason = (errno: number): string => refusedLandlock(errno).reason;

/** The same, and in two parts unless another kernel is all that would help. */
export function refusedLandlock(errno: number): { readonly reason: string; readonly obstacle?: Obstacle } {
  const obstacle = landlockObstacle(errno);
  if (obstacle === undefined) return { reason: `Landlock fails with errno ${errno}` };
  const reason = obstacleText(obstacle);
  return errno === constants.errno.ENOSYS && !hasFilter() ? { reason } : { reason, obstacle };
}

function landlockObstacle(errno: number): Obstacle | undefined {
  const { ENOSYS, EOPNOTSUPP, EPERM, EACCES, E2BIG } = constants.errno;
  switch (errno) {
    case ENOSYS:
      return missingObstacle();
    case EOPNOTSUPP:
      return {
        reason: 'Landlock is built into this kernel but not enabled',
        remedy: 'add landlock to lsm= on the kernel command line',
      };
    case EPERM:
    case EACCES:
      return filterDenies('Landlock', ALLOW_LANDLOCK);
    case E2BIG:
      return {
        reason: 'this process is in too many Landlock domains for another of the child',
        remedy: "start it from one that is in fewer, as the kernel's limit is 16",
      };
    default:
      return undefined;
  }
}

const ALLOW_LANDLOCK = 'let it allow landlock_create_ruleset, landlock_add_rule and landlock_restrict_self';

/** Why the calls of Landlock don't exist: a filter may say so of a kernel that has them. */
function missingObstacle(): Obstacle {
  const needed = 'it needs 5.13 or newer, built with CONFIG_SECURITY_LANDLOCK';
  const missing = `Linux ${release()} has no Landlock`;
  if (!hasFilter()) return { reason: missing, remedy: needed };
  if (hasLandlock()) return filterDenies('Landlock, which this kernel has', ALLOW_LANDLOCK);
  return { reason: `${missing} (${needed}), or an attached filter denies it`, remedy: ALLOW_LANDLOCK };
}

/** Whether the kernel was built with Landlock, as far as that can be read. It says EOPNOTSUPP, not ENOSYS, where that is off. */
function hasLandlock(): boolean {
  const config = kernelConfig();
  return isLandlockActive() || (config.file !== null && config.options['CONFIG_SECURITY_LANDLOCK'] === 'y');
}

/** Whether the kernel lists Landlock among its security modules; false where that file is not mounted. */
function isLandlockActive(): boolean {
  try {
    return readFileSync('/sys/kernel/security/lsm', 'utf8').split(',').includes('landlock');
  } catch {
    return false;
  }
}

/** The properties of a child on which its isolation depends. */
export interface IsolationSubject {
  /** Whether its user ID is this process's. */
  readonly isSameUser: boolean;
  /** Whether it is root of the initial user namespace, or may become it. */
  readonly isRoot: boolean;
  /** Whether it may have a capability that lets it read the environment and the mappings of other processes. */
  readonly mayInspect: boolean;
  /** Whether its hard limit for core dumps is 0. */
  readonly writesNoCore: boolean;
  /** Whether one of its descriptors is a terminal. */
  readonly hasTerminal: boolean;
}

/** The isolation of a child. */
export interface Isolation {
  /** As members of the addon's request. */
  readonly request: { readonly isolation: boolean; readonly domain: NativeDomain | undefined };
  /** Returns what is enforced, given the errno with which the child failed to enter its domain, or 0. */
  enforced(domainError: number): Enforcement;
}

/**
 * The isolation of a child; undefined for none.
 *
 * @param isolate - The option; undefined means as far as this kernel can.
 * @param subject - Returns the child's properties. Called only where they matter, as it reads files.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if `isolate` is true, and this kernel can't enforce it in full.
 */
export function isolation(isolate: Isolate | undefined, subject: () => IsolationSubject): Isolation | undefined {
  if (isolate === false) return undefined;
  const support = isolationSupport();
  const required = isolate === true || isolate === BY_SCOPES_ALONE;
  if (isolate === true) refuseLess(support, subject());
  else if (required && support.by !== 'scopes')
    throw new IsolationRefusal(String(support.reason), { ...OF_SANDBOX, obstacle: support.obstacle });
  const abstractSockets = typeof isolate === 'object' && isolate.abstractSockets === true;
  const domain = support.domain === SCOPES && abstractSockets ? SCOPES_BUT_SOCKETS : support.domain;
  return {
    request: { isolation: required, domain },
    enforced: (domainError) =>
      enforcement(domainError === 0 ? support : failed(domainError), subject(), abstractSockets),
  };
}

/**
 * What is enforced on a child that is not isolated.
 *
 * @param isExplicit - Whether the option `isolate` is false. Otherwise it was left out, under `unconfined`.
 */
export function notIsolated(subject: IsolationSubject, isExplicit: boolean): Enforcement {
  const isolate = isExplicit ? 'leave out isolate: false' : 'give isolate: true';
  const open = CLOSABLE.map((reach) => {
    const remedy = reach === 'terminal' && subject.hasTerminal ? `${isolate}, and ${NO_TERMINAL}` : isolate;
    return { reach, remedy };
  });
  return { isolation: { reason: ISOLATION_OFF, closed: [], open: [...open, ...openAnyway(subject)] } };
}

/** The reason of a child that is not isolated because nobody asked for it. */
export const ISOLATION_OFF = 'isolation is off';

/**
 * What is enforced on a program where this package can't attach a profile: nothing.
 *
 * @param reason - Why it can't.
 */
export function nothingEnforced(reason: string): Enforcement {
  const others = openAnyway({
    isSameUser: true,
    isRoot: true,
    mayInspect: true,
    writesNoCore: false,
    hasTerminal: true,
  });
  const reaches = [...CLOSABLE, ...others.map(({ reach }) => reach)];
  const remedy = 'start the program under a profile, on Linux';
  return { isolation: { reason, closed: [], open: reaches.map((reach) => ({ reach, remedy })) } };
}

const failed = (errno: number): Support => ({ by: null, ...refusedLandlock(errno), domain: undefined });

function refuseLess({ by, reason, obstacle }: Support, { isRoot }: IsolationSubject): void {
  if (isRoot) {
    const why = 'uid 0 can write files that control the kernel, such as /proc/sys/kernel/core_pattern';
    throw isolationRefusal(why, 'give the child another uid and no CAP_SETUID, or ');
  }
  if (by !== 'scopes') throw isolationRefusal(String(reason), '', obstacle);
}

/** The error for a child with `isolate: true` that failed to enter its domain with `errno`. */
export function isolationError(errno: number): SeccompError {
  const { reason, obstacle } = own(refusedLandlock(errno));
  return isolationRefusal(reason, '', obstacle);
}

/** The option that asked for isolation, its remedy, and the obstacle to Landlock. */
interface Refused {
  readonly asked: string;
  readonly remedy: string;
  readonly obstacle?: Obstacle | undefined;
}

/** The error for `isolate: true` that can't be honored. */
export class IsolationRefusal extends SeccompError {
  /** Why the child can't be isolated completely, without a remedy. */
  declare readonly reason: string;
  /** The obstacle to Landlock, if it is not the age of the kernel. */
  declare readonly obstacle: Obstacle | undefined;
  /** Whether a sandbox needs the isolation, and does without with `bestEffort`. */
  declare readonly isOfSandbox: boolean;

  constructor(reason: string, { asked, remedy, obstacle }: Refused) {
    super(
      'ERR_SECCOMP_UNSUPPORTED',
      `${asked} can't be honored: ${reason}; ${remedy}: enforcement then reports what the child can reach`,
    );
    const hidden = { reason, obstacle, isOfSandbox: asked === OF_SANDBOX.asked };
    for (const [name, value] of Object.entries(hidden)) defineHidden(this, name, value);
  }
}

function isolationRefusal(reason: string, remedy = '', obstacle?: Obstacle): IsolationRefusal {
  return new IsolationRefusal(reason, { asked: 'options.isolate: true', remedy: `${remedy}leave it out`, obstacle });
}

const OF_SANDBOX = { asked: 'isolation, which this sandbox needs,', remedy: 'give bestEffort: true' };

const NO_TERMINAL = 'give the child no terminal in stdio';

/** Ways that the filter closes, with Landlock or without. */
const BY_FILTER: readonly Reach[] = ['limits', 'terminal', 'keyrings'];
const BY_DOMAIN: readonly Reach[] = ['memory', 'environment', 'descriptors', 'ptrace'];
const BY_SCOPES: readonly Reach[] = ['signals', 'abstract-sockets'];
const CLOSABLE: readonly Reach[] = [...BY_FILTER, ...BY_DOMAIN, ...BY_SCOPES];

function enforcement({ by, reason }: Support, subject: IsolationSubject, abstractSockets: boolean): Enforcement {
  const open = CLOSABLE.flatMap((reach): readonly OpenReach[] => {
    const remedy = reachRemedy(reach, by, subject, abstractSockets);
    return remedy === undefined ? [] : [{ reach, remedy }];
  });
  const noCore: readonly Reach[] = subject.writesNoCore ? ['core-dumps'] : [];
  const closed = [...CLOSABLE.filter((reach) => !open.some((each) => each.reach === reach)), ...noCore];
  return {
    isolation: {
      ...(by === null ? {} : { by }),
      ...(reason === null ? {} : { reason }),
      closed,
      open: [...open, ...openAnyway(subject)],
    },
  };
}

/** What would close `reach`; undefined if it is closed. */
function reachRemedy(
  reach: Reach,
  by: Support['by'],
  { isSameUser, mayInspect, hasTerminal }: IsolationSubject,
  abstractSockets: boolean,
): string | undefined {
  if (reach === 'terminal' && hasTerminal) return NO_TERMINAL;
  if (BY_FILTER.includes(reach)) return undefined;
  if (reach === 'abstract-sockets' && abstractSockets) return 'leave out abstractSockets: true';
  const isByScopes = BY_SCOPES.includes(reach);
  const isClosed = isByScopes ? by === 'scopes' : by !== null;
  if (isClosed && !(reach === 'environment' && mayInspect)) return undefined;
  if (isClosed) return 'give the child another uid, or capabilities: []';
  const kernel = isByScopes ? 'Linux 6.12 or newer, with Landlock' : 'Linux 5.19 or newer, with Landlock';
  return isSameUser && reach !== 'abstract-sockets' ? `${kernel}, or another uid` : kernel;
}

/**
 * The ways that neither a domain nor the filter closes. Most of them lead to processes with the child's user ID; every user
 * can open /dev/tty.
 */
function openAnyway({ isSameUser, isRoot, writesNoCore, hasTerminal }: IsolationSubject): readonly OpenReach[] {
  const remedy = isSameUser ? 'give the child another uid' : 'give each child a uid of its own';
  const root: OpenReach = { reach: 'files-of-root', remedy: 'give the child another uid, and no CAP_SETUID' };
  const core: OpenReach = { reach: 'core-dumps', remedy: 'rlimits: { core: 0 }: without it, only the soft limit is 0' };
  const terminals: OpenReach = {
    reach: 'terminal-files',
    remedy: hasTerminal ? `${NO_TERMINAL}, and paths that lead to none` : 'give paths that lead to no terminal',
  };
  const same: readonly Reach[] = ['cgroup-files', 'oom-score', 'autogroup', 'proc-files', 'scheduling'];
  const others = same.map((reach) => ({ reach, remedy }));
  return [...(isRoot ? [root] : []), ...(writesNoCore ? [] : [core]), terminals, ...others];
}
