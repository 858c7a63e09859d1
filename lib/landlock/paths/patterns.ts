/** Paths with a `*` in their names. */
import { readdirSync } from 'node:fs';

/**
 * Returns the paths that a pattern stands for: itself, whether it exists or not; or those that exist if it has a `*`,
 * in the order of their names.
 *
 * @param pattern - An absolute path. Each of its names may have one `*`, which stands for any characters.
 */
export function expanded(pattern: string): readonly string[] {
  const parts = pattern.split('/');
  const at = parts.findIndex((part) => part.includes('*'));
  if (at < 0) return [pattern];
  const [start = '', end = ''] = String(parts[at]).split('*');
  const folder = parts.slice(0, at).join('/');
  return namesIn(folder)
    .filter((name) => name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end))
    .flatMap((name) => expanded([folder, name, ...parts.slice(at + 1)].join('/')));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
