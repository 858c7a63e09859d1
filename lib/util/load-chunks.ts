/** Loads the whole package. In dist/, a file is otherwise loaded when it is first used; see scripts/build.mjs. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Loads every chunk of dist/ that is not loaded yet. A filter may deny the calls that open or read files, so harden()
 * does this before it attaches one. Does nothing in lib/, where no file is a chunk.
 */
export function loadAllChunks(): void {
  const require = createRequire(import.meta.filename);
  for (const file of readdirSync(import.meta.dirname)) if (file.endsWith('.chunk.cjs')) require(`./${file}`);
}
