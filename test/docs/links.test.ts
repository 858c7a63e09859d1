/**
 * Every link of the repository's pages, and every page that a source file names, leads to a file and to one of its headings:
 * those of the package to a file of the package.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { problemsOf, problemsOfMentions } from '../support/docs/check-links.js';
import { PAGES, packageRoot } from '../support/docs/pages.js';
import { packTo } from '../support/installed.js';

const pages = [...PAGES, 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md', 'test/README.md'];

test.each(pages)('the links of %s', (page) => {
  expect(problemsOf(packageRoot, [page])).toEqual([]);
});

/** Folders whose files may name a page, in a docstring or a message. */
const SOURCES = ['lib', 'native', 'schema', 'examples', 'scripts'];

test.each(SOURCES)('the pages that files of %s/ name', (folder) => {
  const names = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
  const files = names.filter(
    (name) => /\.(?:ts|mjs|cjs|cc|h|json|sh|yml|yaml)$/.test(name) && !name.startsWith('build/'),
  );
  const problems = files.flatMap((name) =>
    problemsOfMentions(packageRoot, readFileSync(join(packageRoot, folder, name), 'utf8')).map(
      (problem) => `${folder}/${name}: ${problem}`,
    ),
  );
  expect(problems).toEqual([]);
});

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-links-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  packTo(folder);
  const names = readdirSync(join(folder, 'package'), { recursive: true, encoding: 'utf8' });
  const packed = names.filter((name) => name.endsWith('.md'));

  test('has its documentation', () => {
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/README.md']));
    expect(packed).not.toContain('docs/architecture.md');
  });

  test.each(packed)('the links of %s', (page) => {
    expect(problemsOf(join(folder, 'package'), [page])).toEqual([]);
  });
});
