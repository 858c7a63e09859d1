/** Isolation: a child in a Landlock domain of its own does not reach its parent, nor what others have started. */
import { constants, release } from 'node:os';
import { SeccompError } from '../errors.js';
import { addon, type NativeDomain } from '../native.js';
import { freeze } from '../util/own-data.js';
import type { Enforcement, IsolationEnforcement, OpenReach, Reach, Shortfall } from './enforcement.js';

/** Whether a child is isolated, and what stays in its reach. */
export type Isolate = boolean | IsolateOptions;

export interface IsolateOptions {
  /** Whether abstract Unix sockets outside can be connected to, as those of X11 and some D-Bus. Default false. */
  readonly abstractSockets?: boolean | undefined;
}

/** What this kernel can do for isolation. */
export interface Support extends Pick<IsolationEnforcement, 'by' | 'reason'> {
  /** What a child enters; undefined: nothing can be entered. */
  readonly domain: NativeDomain | undefined;
}

/** Of linux/landlock.h. */
const ABSTRACT_SOCKETS = 1;
const SIGNALS = 2;
const REFER = 1 << 13;

const SCOPES: NativeDomain = freeze([0, 0, ABSTRACT_SOCKETS | SIGNALS]);
const SCOPES_BUT_SOCKETS: NativeDomain = freeze([0, 0, SIGNALS]);
/** Handles one right, granted everywhere: another one would keep files from being moved between directories. */
const WITHOUT_SCOPES: NativeDomain = freeze([REFER, REFER, 0]);

let known: Support | undefined;

/** What this kernel can do, found by doing it. Asked once. */
export function isolationSupport(): Support {
  known ??= freeze(findSupport());
  return known;
}

function findSupport(): Support {
  const { EINVAL } = constants.errno;
  const withScopes = addon().tryDomain(SCOPES);
  if (withScopes === 0) return { by: 'scopes', reason: null, domain: SCOPES };
  const without = addon().tryDomain(WITHOUT_SCOPES);
  const noScopes = `Landlock of Linux ${release()} has no scopes, which came with Linux 6.12`;
  if (without === 0) return { by: 'domain', reason: noScopes, domain: WITHOUT_SCOPES };
  const tooOld = `Landlock of Linux ${release()} is too old: Linux 5.19 brought what isolation needs`;
  return { by: null, reason: without === EINVAL ? tooOld : reasonOf(without), domain: undefined };
}

/** Why no domain can be entered. */
function reasonOf(errno: number): string {
  const { ENOSYS, EOPNOTSUPP, EPERM, E2BIG } = constants.errno;
  const reasons: ReadonlyMap<number, string> = new Map([
    [ENOSYS, `Linux ${release()} has no Landlock: it needs 5.13 or newer, built with CONFIG_SECURITY_LANDLOCK`],
    [EOPNOTSUPP, 'Landlock is built into this kernel and not enabled: add landlock to lsm= on its command line'],
    [EPERM, 'a filter that is on already forbids Landlock: have it allow landlock_create_ruleset and its siblings'],
    [E2BIG, 'this process is in 16 Landlock domains already, and there can be no more'],
  ]);
  return reasons.get(errno) ?? `Landlock fails with errno ${errno}`;
}

/** The child that is to be isolated. */
export interface Subject {
  /** Whether its user is this process's. */
  readonly isSameUser: boolean;
  /** Whether it is root of the initial user namespace. */
  readonly isRoot: boolean;
  /** Whether it may keep a capability by which it reads what others' environments and mappings are. */
  readonly mayInspect: boolean;
}

/** How a child is isolated. */
export interface Isolation {
  /** What the addon is asked for. */
  readonly request: { readonly isolation: boolean; readonly domain: NativeDomain | undefined };
  /** What is enforced. */
  enforced(shortfall: Shortfall): Enforcement;
}

/**
 * How a child is isolated as `isolate` asks for; undefined: it is not. Without being asked for it, it is as far as that can be
 * done here. `subject` is called where it matters.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED where it is asked for by `true`, and can't be had in full.
 */
export function isolation(isolate: Isolate | undefined, subject: () => Subject): Isolation | undefined {
  if (isolate === false) return undefined;
  const support = isolationSupport();
  const required = isolate === true;
  if (required) refuseLess(support, subject());
  const abstractSockets = typeof isolate === 'object' && isolate.abstractSockets === true;
  const domain = support.domain === SCOPES && abstractSockets ? SCOPES_BUT_SOCKETS : support.domain;
  return {
    request: { isolation: required, domain },
    enforced: ({ isolationError, dumpsCore }) =>
      enforcement(isolationError === 0 ? support : failed(isolationError), subject(), { abstractSockets, dumpsCore }),
  };
}

/** What is enforced on a child that is not isolated. */
export function notIsolated(subject: Subject): Enforcement {
  return {
    isolation: {
      by: null,
      reason: 'isolation is off',
      closed: [],
      open: [
        ...[...ALWAYS, ...BY_DOMAIN, ...BY_SCOPES].map((reach) => ({ reach, remedy: 'leave out isolate: false' })),
        ...openWithDomain(subject),
      ],
    },
  };
}

const failed = (errno: number): Support => ({ by: null, reason: reasonOf(errno), domain: undefined });

function refuseLess({ by, reason }: Support, { isRoot }: Subject): void {
  if (isRoot) {
    const why = 'uid 0 owns what the kernel reads, such as /proc/sys/kernel/core_pattern, whatever it is kept from';
    throw refused(why, 'give the child another uid, or ');
  }
  if (by !== 'scopes') throw refused(String(reason));
}

/** The error for a child that is to be isolated by `true`, and whose domain fails with `errno`. */
export const isolationError = (errno: number): SeccompError => refused(reasonOf(errno));

function refused(why: string, remedy = ''): SeccompError {
  const message = `options.isolate: true can not be honoured: ${why}; ${remedy}leave it out: enforcement then tells what is in reach`;
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}

/** What the filter and the limits close, with Landlock or without. */
const ALWAYS: readonly Reach[] = ['limits', 'terminal', 'core-dumps'];
const BY_DOMAIN: readonly Reach[] = ['memory', 'environment', 'descriptors', 'ptrace'];
const BY_SCOPES: readonly Reach[] = ['signals', 'abstract-sockets'];

/** What is open to a child in spite of its domain. */
interface Opened {
  readonly abstractSockets: boolean;
  readonly dumpsCore: boolean;
}

function enforcement({ by, reason }: Support, subject: Subject, opened: Opened): Enforcement {
  const all = [...ALWAYS, ...BY_DOMAIN, ...BY_SCOPES];
  const open = all.flatMap((reach): readonly OpenReach[] => {
    const remedy = remedyFor(reach, by, subject, opened);
    return remedy === undefined ? [] : [{ reach, remedy }];
  });
  const closed = all.filter((reach) => !open.some((each) => each.reach === reach));
  return { isolation: { by, reason, closed, open: [...open, ...openWithDomain(subject)] } };
}

/** What would close it; undefined: it is closed. */
function remedyFor(
  reach: Reach,
  by: Support['by'],
  { isSameUser, mayInspect }: Subject,
  { abstractSockets, dumpsCore }: Opened,
): string | undefined {
  if (reach === 'core-dumps') return dumpsCore ? 'let the filter that is on already allow prlimit64' : undefined;
  if (ALWAYS.includes(reach)) return undefined;
  if (reach === 'abstract-sockets' && abstractSockets) return 'leave out abstractSockets: true';
  const isByScopes = BY_SCOPES.includes(reach);
  const isClosed = isByScopes ? by === 'scopes' : by !== null;
  if (isClosed && !(reach === 'environment' && mayInspect)) return undefined;
  if (isClosed) return 'give the child another uid, or capabilities: []';
  const kernel = isByScopes ? 'Linux 6.12 or newer, with Landlock' : 'Linux 5.19 or newer, with Landlock';
  return isSameUser && reach !== 'abstract-sockets' ? `${kernel}, or another uid` : kernel;
}

/** What no domain closes, of processes with the child's uid. */
function openWithDomain({ isSameUser, isRoot }: Subject): readonly OpenReach[] {
  const remedy = isSameUser ? 'give the child another uid' : 'give each child a uid of its own';
  const root: OpenReach = { reach: 'files-of-root', remedy: 'give the child another uid' };
  const same: readonly Reach[] = ['cgroup-files', 'oom-score', 'autogroup', 'scheduling'];
  return [...(isRoot ? [root] : []), ...same.map((reach) => ({ reach, remedy }))];
}
