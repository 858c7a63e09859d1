/** The pages of the documentation: README.md and every page below docs/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../root.js';

export { packageRoot };

/** The paths of the pages: README.md first, then docs/ by name. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => `docs/${name}`),
];

export const textOfPage = (page: string) => readFileSync(join(packageRoot, page), 'utf8');
