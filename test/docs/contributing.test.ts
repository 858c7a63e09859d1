/** The files and folders that the pages for contributors name exist. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECKS } from '../../scripts/checks/table.mjs';

const root = new URL('../../', import.meta.url);

test.each(['CONTRIBUTING.md', 'docs/architecture.md', 'bench/README.md', 'test/README.md'])(
  '%s names only what exists',
  (page) => {
    const text = readFileSync(new URL(page, root), 'utf8');
    const paths = text.match(/(?<![\w/.-])(?:bench|docs|lib|native|scripts|test)\/[\w./-]*\w/g) ?? [];
    const places = new Set(paths.filter((path) => !path.includes('NAME')));
    expect(places.size).toBeGreaterThan(1);
    expect([...places].filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  },
);

test('CONTRIBUTING.md has the table of all checks', () => {
  const [, table = ''] = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8').split(/<!-- \/?checks -->/);
  const rows = [...table.matchAll(/^\| `([\w.-]+)` \| (.*?) \| (yes)? *\|/gm)].map(([, name, title, gate]) => [
    name,
    title,
    gate,
  ]);
  expect(rows, 'run `npm run check:all -- shell`').toEqual(
    CHECKS.map(({ name, title, gate }) => [name, title, gate ? 'yes' : undefined]),
  );
});
