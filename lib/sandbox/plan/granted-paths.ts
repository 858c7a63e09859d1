/** The paths that a program is granted, as this process finds them. */
import { resolve } from 'node:path';
import type { GrantedPath } from '../../landlock/paths/file-reaches.js';
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { realPath } from '../file/file-names.js';
import type { ProgramOptions } from '../options/types.js';

/** The paths beside those of words, absolute, and without symbolic links where these can be read. */
export function grantedPaths({ given }: CheckedPaths, { cwd }: Pick<ProgramOptions, 'cwd'>): readonly GrantedPath[] {
  return given.map(({ path, access }) => ({ path: realPath(resolve(String(cwd ?? ''), path)), access }));
}
