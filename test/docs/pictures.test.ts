/** The pictures of docs/images/ are those of their sources in scripts/generate/pictures/. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { digestOf } from '../../scripts/generate/pictures.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const sources = readdirSync(new URL('../../scripts/generate/pictures', import.meta.url)).filter(
  (name) => /\.(?:dot|json)$/.test(name) && !name.startsWith('package'),
);

test.each(sources)('the picture of %s is up to date: otherwise run `npm run generate -- pictures`', (name) => {
  const picture = read(`docs/images/${name.replace(/\.\w+$/, '.svg')}`);
  expect(picture).toContain(`<!-- ${digestOf(read(`scripts/generate/pictures/${name}`))} -->`);
});

test('the profile whose filter is drawn is the one that the page shows', () => {
  const shown = /```json decision-tree\.json\n(.*?)```/s.exec(read('docs/reference/how-it-works.md'))?.[1];
  expect(shown).toBe(read('scripts/generate/pictures/decision-tree.json'));
});
