/** Finds out what has changed since dist/ was built. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What scripts/build/dist.mjs writes last. It has the time at which that build began. */
const DIST = 'dist/LICENSES.txt';
const DIST_SOURCES = [
  'lib',
  'scripts/build/dist.mjs',
  'scripts/build/types.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** @param {string} path */
export const timeOf = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;

/** Why dist/ has to be built; undefined if it is up to date. */
export function reasonForDist() {
  const built = timeOf(DIST);
  return built === undefined ? 'it is missing' : changeSince(built, DIST_SOURCES);
}

/**
 * Says which of these files and folders changed after a time. A folder also changes if a file in it is removed.
 * @param {number} time
 * @param {readonly string[]} paths
 */
export function changeSince(time, paths) {
  const changed = paths.flatMap(below).find((path) => (timeOf(path) ?? 0) > time);
  return changed && `${changed} changed`;
}

/** @param {string} path @returns {readonly string[]} */
function below(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return [
    path,
    ...readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((name) => join(path, name)),
  ];
}
