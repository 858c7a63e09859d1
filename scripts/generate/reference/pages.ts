/** Writes the generated pages of docs/reference/: `npm run generate -- docs`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiPage } from './api.js';
import { builtInProfilesPage } from './built-in-profiles.js';
import { commandPage } from './command.js';
import { examplesPage } from './examples.js';
import { groupsSection } from './groups.js';
import { pathWordsPage } from './path-words.js';

/** The folder of the pages. */
export const FOLDER = join(import.meta.dirname, '../../../docs/reference');

/** Returns the text of each page, by its file's name. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ['api.md', apiPage()],
    ['built-in-profiles.md', `${builtInProfilesPage()}\n${groupsSection()}`],
    ['command.md', commandPage()],
    ['examples.md', examplesPage()],
    ['path-words.md', pathWordsPage()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of pages()) writeFileSync(join(FOLDER, name), text);
}
