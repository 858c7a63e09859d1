/** Paths without symbolic links. */
import { realpathSync } from 'node:fs';

/** The path without symbolic links; undefined if it leads nowhere, or not for this process. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
