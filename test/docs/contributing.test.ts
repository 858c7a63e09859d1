/** The files and folders that the pages for contributors name exist. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

test.each(['CONTRIBUTING.md', 'docs/architecture.md', 'bench/README.md'])('%s names only what exists', (page) => {
  const text = readFileSync(new URL(page, root), 'utf8');
  const paths = text.match(/(?<![\w/.-])(?:bench|docs|lib|native|scripts|test)\/[\w./-]*\w/g) ?? [];
  const places = new Set(paths.filter((path) => !path.includes('NAME')));
  expect(places.size).toBeGreaterThan(1);
  expect([...places].filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});
