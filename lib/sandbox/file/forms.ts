/** How errors about paths and limits of a sandbox file name places and remedies. */
import { AS_OPTION as PATHS_AS_OPTION, type PathsForm } from '../../landlock/paths/messages.js';
import { AS_OPTION as LIMITS_AS_OPTION, type LimitsForm } from '../../process-tree/limits.js';
import { shownName } from '../../util/foreign-text.js';
import { homeDirectory } from '../../util/home-directory.js';
import { HERE } from './problems.js';

/** Paths of a sandbox file while it is read: their places are those of the problems. */
export const PATHS_HERE: PathsForm = pathsForm(HERE);

/** Paths of a sandbox file. */
export function pathsForm(source: string): PathsForm {
  return {
    ...PATHS_AS_OPTION,
    name: source,
    place: () => source,
    skip: 'write { "path": …, "optional": true }',
    several: () => 'write each path as an element of its own',
    url: '',
    home: (rest) => `write ${homeDirectory() ?? '/your/home'}${rest}`,
    variable: () => 'write its value',
    without: 'leave "paths" out, or give bestEffort: true: enforcement.paths then reports what is not restricted',
  };
}

/** Limits of a sandbox file while it is read. */
export const LIMITS_HERE: LimitsForm = { ...LIMITS_AS_OPTION, name: HERE, place: () => HERE };

/** Limits of a sandbox file. */
export function limitsForm(source: string): LimitsForm {
  return {
    ...LIMITS_AS_OPTION,
    name: `${shownName(source)}: limits`,
    place: (limit) => `${shownName(source)}: limits.${limit}`,
    writes: 'paths.write',
    sample: 'write "exact": "preferred" in it, which lets a guardian enforce them',
    without: 'leave "limits" out, or give bestEffort: true, which starts the program without',
  };
}
