import { homedir } from 'node:os';

/** The home directory of this process's user; undefined for a user without an entry in passwd(5) and without HOME. */
export function homeDirectory(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
