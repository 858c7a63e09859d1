/** The paths that a program may write. */
import { resolve } from 'node:path';
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { realPath } from '../file/file-names.js';
import type { ProgramOptions } from '../options/types.js';

/** The absolute paths that a program may write, without symbolic links where these can be read. */
export function writtenPaths({ given }: CheckedPaths, { cwd }: Pick<ProgramOptions, 'cwd'>): readonly string[] {
  return given.filter(({ access }) => access === 'write').map(({ path }) => realPath(resolve(String(cwd ?? ''), path)));
}
