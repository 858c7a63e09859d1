/** What a recorded program did with files, for the person who reviews it, and the flags that grant these. */
import { resolve } from 'node:path';
import type { RecordedFile, Recording } from '../../index.js';
import { shownName } from '../../util/foreign-text.js';
import { pathFlags } from './path-flags.js';
import { printMessage } from './print.js';

/** Accesses that the same entry of `paths` grants. */
interface Group {
  readonly access: RecordedFile['access'];
  /** Undefined for those that none grants. */
  readonly grant: string | undefined;
  readonly paths: Set<string>;
  readonly fallback: boolean;
  count: number;
}

/**
 * Prints the files of a recording that has them.
 *
 * @param isWritten - Whether a file has what grants them, so that no flags are needed.
 */
export function showFiles({ files, paths }: Recording, isWritten: boolean): void {
  if (files === undefined || paths === undefined) return;
  const groups = groupsOf(files);
  printMessage('files of the run, by what grants them', ...groups.map(groupText));
  if (isWritten) return;
  const lists = Object.entries(paths).map(([list, grants]) => [list, grants.map(textOf)]);
  const isWhole = files.every(({ grants }) => grants.length > 0);
  const flags = pathFlags(Object.fromEntries(lists));
  printMessage(
    flags.length === 0
      ? 'seccomp run needs no flags for these'
      : `to grant ${isWhole ? 'them' : 'the others'}: ${flags.join(' ')}`,
  );
}

type Grant = NonNullable<NonNullable<Recording['paths']>['read']>[number];

const textOf = (grant: Grant): string => (typeof grant === 'string' ? grant : grant.path);

function groupsOf(files: readonly RecordedFile[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { path, access, count, grants, fallback } of files) {
    const [grant] = grants; // Further ones are for what starts a program.
    const key = JSON.stringify([access, grant ?? [path]]);
    const group = groups.get(key) ?? { access, grant, paths: new Set<string>(), count: 0, fallback };
    group.paths.add(path);
    group.count += count;
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

const DONE = { read: 'read', write: 'written', execute: 'executed' };

/** `     12× read     3 files, by @system`; `~` for what a fallback is. */
function groupText({ access, grant, paths, count, fallback }: Group): string {
  const [first = ''] = paths;
  const what = paths.size === 1 ? shownName(first) : `${paths.size} files`;
  const isLeftOut = fallback && grant === undefined;
  const why = isLeftOut ? ' (not granted: programs do without it)' : ' (not granted)';
  const by = grant === undefined ? why : isItself(grant, paths) ? '' : `, by ${shownName(grant)}`;
  return `${isLeftOut ? '~' : ' '}${`${count}×`.padStart(6)} ${DONE[access].padEnd(8)} ${what}${by}`;
}

const isItself = (grant: string, paths: ReadonlySet<string>): boolean => paths.size === 1 && paths.has(resolve(grant));
