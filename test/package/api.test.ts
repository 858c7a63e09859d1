/** The public API is the one that is committed: its types, and its names at run time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REPORTS, reports } from '../../scripts/generate-api.js';

const built = await reports();

test.each([...built])('%s is up to date', (name, text) => {
  const committed = readFileSync(join(REPORTS, name), 'utf8');
  expect(text, 'the API has changed: run `npm run generate:api`, and review the difference').toBe(committed);
});

test('import and require give the same names', () => {
  const names: Readonly<Record<string, { import: unknown; require: unknown }>> = JSON.parse(
    built.get('names.json') ?? '',
  );
  for (const { import: imported, require: required } of Object.values(names)) expect(required).toEqual(imported);
});
