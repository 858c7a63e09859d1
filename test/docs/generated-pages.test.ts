/** The generated pages of docs/reference/ are the output of their generators. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FOLDER, pages } from '../../scripts/generate/reference/pages.js';

test.each([...pages()])('docs/reference/%s is up to date', (name, text) => {
  expect(readFileSync(join(FOLDER, name), 'utf8'), 'run `npm run generate -- docs`').toBe(text);
});
