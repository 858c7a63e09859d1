/** Loads the whole package. In dist/, a file is otherwise loaded when it is first used; see scripts/build/dist.mjs. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Loads every chunk of dist/ that is not loaded yet. A filter may deny the calls that open or read files, so harden()
 * does this before it attaches one. Does nothing in lib/, where no file is a chunk.
 */
export function loadAllChunks(): void {
  loadChunks(() => true);
}

/** The chunks that describe a call, name its constants, explain why it was denied, and make a recording's profile. */
const OF_NOTIFICATIONS = ['compile', 'profile', 'sandbox', 'syscalls'];

/**
 * Loads the chunks that the first notification needs. When it arrives, this process may have no descriptors left, or
 * may not reach its files any more, and the call would be denied instead of answered, or not reported.
 */
export function loadNotificationChunks(): void {
  if (!isLoaded) loadChunks((name) => OF_NOTIFICATIONS.includes(name));
  isLoaded = true;
}

let isLoaded = false;

const SUFFIX = '.chunk.cjs';

function loadChunks(isWanted: (name: string) => boolean): void {
  const require = createRequire(import.meta.filename);
  for (const file of readdirSync(import.meta.dirname))
    if (file.endsWith(SUFFIX) && isWanted(file.slice(0, -SUFFIX.length))) require(`./${file}`);
}
