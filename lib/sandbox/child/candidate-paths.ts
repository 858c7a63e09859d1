/** Where a program is looked for. */
import { propertyOf } from '../../util/own-data.js';

/** The directories in which execvp(3) looks if the environment has no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** The paths that execvp(3) would try for a program, with the PATH of this environment. */
export function candidatePaths(file: string, variables: object): readonly string[] {
  if (file.includes('/')) return [file];
  return String(propertyOf(variables, 'PATH') ?? DEFAULT_PATH)
    .split(':')
    .map((directory) => (directory === '' ? file : `${directory}/${file}`));
}
