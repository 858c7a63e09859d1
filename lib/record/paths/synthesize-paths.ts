/** Makes the least `paths` under which the accesses of a recording are allowed, generalised by a fixed rule. */
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { parentOf, type Rule } from '../../landlock/paths/prediction.js';
import { type Access, bitsOf } from '../../landlock/paths/rights.js';
import { upwards } from '../../landlock/paths/wide-paths.js';
import { Grants, type RecordedPaths } from './grants.js';
import type { Places } from './places.js';
import { filesOf, purposeOf, type SeenAccess } from './seen-files.js';

/** Accesses of a recorded program to one file. */
export interface RecordedFile {
  /** Its absolute path, without symbolic links but perhaps the last name. */
  readonly path: string;
  /** What the program did with it: creating, moving and removing is writing. */
  readonly access: Access;
  /** How many calls did that. */
  readonly count: number;
  /** The entries of the recorded `paths` that allow it; none if it is not granted, about which there is a note, or which is a fallback. */
  readonly grants: readonly string[];
  /** Whether programs do without it, so that `paths` need not grant it: a runtime reads its own /proc/self/maps. */
  readonly fallback: boolean;
}

/** What is made of a recording. */
export interface SynthesizedPaths {
  readonly paths: RecordedPaths;
  readonly files: readonly RecordedFile[];
  /** One sentence for everything that is not granted. */
  readonly notes: readonly string[];
}

/**
 * Makes paths by the rule that docs/reference/recording.md gives.
 *
 * @param before - Paths to which these are added.
 */
export function synthesizePaths(seen: readonly SeenAccess[], places: Places, before?: CheckedPaths): SynthesizedPaths {
  const made = new Grants(places, before);
  const directories = directoriesOf(seen);
  const needed = seen.filter(({ fallback }) => !fallback);
  for (const { needs } of needed) for (const need of needs) made.add(inLastingDirectory(need, directories));
  made.merge();
  // Further grants can make the rights of directories differ, between which others are moved. What is granted beyond a
  // mount point may be lacking each time, as the kernel does not compare it.
  for (let round = 0; round < MOST_ROUNDS && made.addLacking(needed); round++) made.merge();
  return { paths: made.paths(), files: filesSeen(seen, made), notes: made.notes() };
}

/** More than the directories through which a file is moved. */
const MOST_ROUNDS = 64;

interface Directories {
  /** Those in which the run makes files. */
  readonly making: ReadonlySet<string>;
  /** What the run makes, or moves there: it is another file or directory in each run. */
  readonly made: ReadonlySet<string>;
}

function directoriesOf(seen: readonly SeenAccess[]): Directories {
  const making = new Set<string>();
  const made = new Set<string>();
  for (const { access, needs } of seen) {
    for (const { path, rights } of needs) if ((rights & bitsOf('MAKE_REG')) !== 0) making.add(path);
    if (access.kind === 'create' && access.what === 'directory') made.add(access.path);
    if (access.kind === 'rename') made.add(access.to);
  }
  return { making, made };
}

/** A need of execution where the run makes files, as one of the directory that was there before and will be again. */
function inLastingDirectory(need: Rule, { making, made }: Directories): Rule {
  if ((need.rights & bitsOf('EXECUTE')) === 0) return need;
  let path = making.has(parentOf(need.path)) ? parentOf(need.path) : need.path;
  for (const each of upwards(need.path)) if (made.has(each)) path = parentOf(each);
  return { ...need, path };
}

/** The accesses to each file, the most frequent first. */
function filesSeen(seen: readonly SeenAccess[], made: Grants): readonly RecordedFile[] {
  const files = new Map<string, RecordedFile>();
  for (const { access: seenAccess, needs, count, fallback } of seen) {
    const access = purposeOf(seenAccess);
    const found = needs.map((need) => made.grantsOf(need));
    const areGranted = found.every((each) => each.length > 0);
    for (const path of filesOf(seenAccess)) {
      const key = `${access}:${path}`;
      const known = files.get(key) ?? { path, access, count: 0, grants: undefined, fallback: true };
      const isGranted = known.grants?.length !== 0 && areGranted;
      const grants = isGranted ? [...new Set([...(known.grants ?? []), ...found.flat()])] : [];
      files.set(key, { ...known, count: known.count + count, grants, fallback: known.fallback && fallback });
    }
  }
  return [...files.values()].sort((one, other) => other.count - one.count);
}
