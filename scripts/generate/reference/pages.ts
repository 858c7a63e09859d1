/** Writes the generated pages of docs/reference/: `npm run generate -- docs`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiPages } from './api.js';
import { builtInProfilesPage, builtInTablesPage } from './built-in-profiles.js';
import { commandPage } from './command.js';
import { examplesPage } from './examples.js';
import { pathWordsPage } from './path-words.js';

/** The folder of the pages. */
export const FOLDER = join(import.meta.dirname, '../../../docs/reference');

/** Returns the text of each page, by its path in the folder. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ...apiPages(),
    ['built-in-profiles.md', builtInProfilesPage()],
    ['built-in-tables.md', builtInTablesPage()],
    ['command.md', commandPage()],
    ['examples.md', examplesPage()],
    ['path-words.md', pathWordsPage()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of pages()) {
    const file = join(FOLDER, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
