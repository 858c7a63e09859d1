/** The packages of npm that only tests use: test/libraries/package.json lists them, and `npm run libraries` installs them. */
import { join } from 'node:path';
import { folderOf, isInstalled } from '../../scripts/pinned.js';

/** Their folder of modules. */
export const libraries = join(folderOf('test/libraries'), 'node_modules');

/** The reason to skip tests that need them, if they are not installed. */
export const noLibraries = isInstalled('test/libraries')
  ? undefined
  : 'the packages of test/libraries are not installed: run `npm run libraries`';
