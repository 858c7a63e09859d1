/** What the pages for contributors name exists, and what they say of checks and tables is so. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NEWEST_KERNEL } from '../../lib/syscalls/generated/numbers.js';
import { isExpired } from '../../scripts/checks/results.mjs';
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

test('a result expires after the days of its check, or never', () => {
  const now = Date.parse('2026-12-09T12:00:00Z');
  expect(isExpired({ days: 7 }, '2026-12-03', now)).toBe(false);
  expect(isExpired({ days: 7 }, '2026-12-01', now)).toBe(true);
  expect(isExpired({}, '2020-01-01', now)).toBe(false);
});

test.each(['CHANGELOG.md', 'docs/reference/profile-format.md'])(
  '%s states the kernel with which the tables end',
  (page) => {
    const text = readFileSync(new URL(page, root), 'utf8');
    const [, stated] = /\bcalls? up to Linux (\d+\.\d+)/.exec(text) ?? [];
    expect(stated).toBe(NEWEST_KERNEL);
  },
);
