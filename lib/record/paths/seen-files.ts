/** The accesses to files that a program was seen to make, and the rights that each of them needs. */
import { textFromBytes } from '../../decode/text-from-bytes.js';
import { accessOf } from '../../landlock/denials/path-calls.js';
import { type FileAccess, type Rule, rightsNeeded } from '../../landlock/paths/prediction.js';
import { realPath } from '../../landlock/paths/real-path.js';
import { type Access, GRANTS } from '../../landlock/paths/rights.js';
import { isBeneath } from '../../landlock/paths/wide-paths.js';
import { findNeeds } from '../../landlock/programs/program-needs.js';
import type { NativeKind } from '../../native.js';
import { namingCall } from '../../notify/naming-call.js';
import { isAboutItself, isTerminalCheck } from '../../notify/violations/path-violation.js';
import { memoize } from '../../util/memo.js';
import type { CountedKind } from '../observe.js';

/** A kind of access. */
export interface SeenAccess {
  readonly access: FileAccess;
  /** Each right, and the file or directory that must have it. */
  readonly needs: readonly Rule[];
  /** How often it was made. */
  readonly count: number;
  /** Whether programs do without it. */
  readonly fallback: boolean;
}

/**
 * Returns the accesses that Landlock decides on. Those that fail before it is asked, such as for want of a file, are none.
 *
 * @param directory - The working directory, to which names of interpreters may be relative.
 */
export function seenAccesses(kinds: readonly CountedKind[], directory: string): readonly SeenAccess[] {
  const interpreters = memoize((program: string) => interpretersOf(program, directory));
  const inCgroup = new Set(kinds.flatMap(({ kind }) => (isOwnFile(kind, 'cgroup') ? [kind.pid] : [])));
  return kinds.flatMap(({ kind, count }): readonly SeenAccess[] => {
    const naming = namingCall(kind);
    const access = accessOf(naming);
    if (access === undefined) return [];
    const started = access.kind === 'execute' ? interpreters(access.path) : [];
    const terminal = TERMINALS.includes(filesOf(access)[0] ?? '') ? [{ path: '/dev/pts', rights: GRANTS.write }] : [];
    const needs = [...rightsNeeded(access), ...started, ...terminal].filter(({ rights }) => rights !== 0);
    const fallback = isTerminalCheck(naming) || (purposeOf(access) === 'read' && isOfRuntime(kind, access, inCgroup));
    return needs.length === 0 ? [] : [{ access, needs, count, fallback }];
  });
}

/**
 * Whether a process reads what language runtimes read when they start, and do without: their own maps and cgroup, and the limits
 * of that cgroup, which they then do not find. Other files about a process may be what its program is for.
 *
 * @param inCgroup - The processes that look for their cgroup.
 */
const isOfRuntime = (kind: NativeKind, access: FileAccess, inCgroup: ReadonlySet<number>): boolean =>
  isOwnFile(kind, 'maps') ||
  isOwnFile(kind, 'cgroup') ||
  (inCgroup.has(kind.pid) && filesOf(access).every((path) => isBeneath(path, '/sys/fs/cgroup')));

/** Whether a process names this file about itself. */
const isOwnFile = (kind: NativeKind, name: string): boolean =>
  kind.files.length > 0 &&
  kind.files.every((named) => isAboutItself(kind, named) && textFromBytes(named.file.path).endsWith(`/${name}`));

/** What makes a new terminal, which the kernel opens in /dev/pts. */
const TERMINALS = ['/dev/ptmx', '/dev/pts/ptmx'];

/** What the kernel also executes to start a program. */
function interpretersOf(program: string, directory: string): readonly Rule[] {
  return findNeeds([program], directory).needs.flatMap((path): readonly Rule[] => {
    const found = realPath(path);
    return found === undefined || found === program ? [] : [{ path: found, rights: GRANTS.execute }];
  });
}

/** What an access does with its files, in the terms of the option `paths`. */
export function purposeOf(access: FileAccess): Access {
  if (access.kind === 'execute') return 'execute';
  if (access.kind !== 'open') return 'write';
  return access.write || access.truncate || access.what === 'missing' || access.what === 'temporary' ? 'write' : 'read';
}

/** The files of an access. */
export function filesOf(access: FileAccess): readonly string[] {
  switch (access.kind) {
    case 'rename':
    case 'exchange':
    case 'link':
      return [access.from, access.to];
    default:
      return [access.path];
  }
}
