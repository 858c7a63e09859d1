/** The links of the packed Markdown files: each leads to a file of the package, and to a heading of that file. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { problemsOf } from '../support/docs/check-links.js';
import { packTo } from '../support/installed.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-links-'));
afterAll(() => rmSync(folder, { recursive: true }));
packTo(folder);

const names = readdirSync(join(folder, 'package'), { recursive: true, encoding: 'utf8' });
const pages = names.filter((name) => name.endsWith('.md'));

test('the package has its documentation', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/README.md']));
  expect(pages).not.toContain('docs/architecture.md');
});

test.each(pages)('the links of %s', (page) => {
  expect(problemsOf(join(folder, 'package'), [page])).toEqual([]);
});
