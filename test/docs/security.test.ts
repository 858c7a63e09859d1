/** Each claim of docs/security.md names the test that holds it, and the test is there. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rows = [...read('docs/security.md').matchAll(/^\| (?!claim|---)(.+) \| (.+) \|$/gm)].map(([, claim, where]) => [
  claim,
  where,
]);

test('there are claims', () => {
  expect(rows.length).toBeGreaterThan(40);
});

test.each(rows)('%s', (_, where = '') => {
  let file = '';
  for (const [, path, title] of where.matchAll(/`([^`]+)`|\*([^*]+)\*/g)) {
    if (path !== undefined) file = read(path);
    else expect(file).toContain(title);
  }
  expect(file, 'a file is named').not.toBe('');
});
