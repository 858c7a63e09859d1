/** The public API is the one that is committed: its types, and its names at run time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DECLARATIONS, namesAtRunTime, REPORTS, reports } from '../../scripts/generate/api.js';
import { noLibraries } from '../support/libraries.js';

const committed = (name: string) => readFileSync(join(REPORTS, name), 'utf8');
const REMEDY = 'the API has changed: run `npm run generate -- api`, and review the difference';

const made = noLibraries === undefined ? reports() : new Map<string, string>();

test.for(Object.keys(DECLARATIONS))('%s is up to date', (name, { skip }) => {
  skip(noLibraries !== undefined, noLibraries);
  expect(made.get(name), REMEDY).toBe(committed(name));
});

const names = await namesAtRunTime();

test('names.json is up to date', () => {
  expect(names, REMEDY).toBe(committed('names.json'));
});

test('import and require give the same names', () => {
  const entries: Readonly<Record<string, { import: unknown; require: unknown }>> = JSON.parse(names);
  for (const { import: imported, require: required } of Object.values(entries)) expect(required).toEqual(imported);
});
