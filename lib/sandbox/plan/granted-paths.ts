/** The paths that a program is granted, as this process finds them. */
import { resolve } from 'node:path';
import type { GrantedPath } from '../../landlock/paths/file-reaches.js';
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { realPath } from '../../landlock/paths/real-path.js';
import type { ProgramOptions } from '../options/types.js';

/** The paths beside those of words, absolute, and without symbolic links where these can be read. */
export function grantedPaths({ given }: CheckedPaths, { cwd }: Pick<ProgramOptions, 'cwd'>): readonly GrantedPath[] {
  return given.map(({ path, access }) => {
    const absolute = resolve(String(cwd ?? ''), path);
    return { path: realPath(absolute) ?? absolute, access };
  });
}
