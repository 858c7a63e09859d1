/** The pages of docs/: which there are, in which order the index has them, and how long they may be. */
import { expect, test } from 'vitest';
import { readPage } from '../support/docs/links.js';
import { PAGES, textOfPage } from '../support/docs/pages.js';

/** The most words of README.md, of another page, and of all pages for users but those of docs/reference/. */
const MOST_OF_README = 600;
const MOST_OF_PAGE = 1_500;
const MOST_OF_ALL = 20_000;

/** The pages of docs/, in the order of the index. docs/architecture.md is for contributors, and CONTRIBUTING.md links to it. */
const STRUCTURE = [
  'getting-started.md',
  'which-function.md',
  'guides/untrusted-tool.md',
  'guides/model-code.md',
  'guides/uploads.md',
  'guides/server.md',
  'guides/operating.md',
  'guides/cluster.md',
  'guides/ci.md',
  'guides/install-scripts.md',
  'guides/containers.md',
  'guides/other-systems.md',
  'isolation.md',
  'paths.md',
  'process-tree.md',
  'limits.md',
  'profiles.md',
  'recording.md',
  'violations.md',
  'testing.md',
  'reference/command.md',
  'reference/api.md',
  'reference/api/starting.md',
  'reference/api/sandboxes.md',
  'reference/api/hardening.md',
  'reference/api/profiles.md',
  'reference/api/analysis.md',
  'reference/api/supervision.md',
  'reference/api/testing.md',
  'reference/api/errors.md',
  'reference/api/types.md',
  'reference/built-in-profiles.md',
  'reference/built-in-tables.md',
  'reference/profile-format.md',
  'reference/building-profiles.md',
  'reference/sandbox-file.md',
  'reference/path-words.md',
  'reference/path-limits.md',
  'reference/limits.md',
  'reference/programs.md',
  'reference/network.md',
  'reference/child-process.md',
  'reference/node-processes.md',
  'reference/services.md',
  'reference/node-permissions.md',
  'reference/handlers.md',
  'reference/probe.md',
  'reference/bubblewrap.md',
  'reference/recording.md',
  'reference/examples.md',
  'reference/install.md',
  'reference/security-claims.md',
  'troubleshooting.md',
  'faq.md',
  'security.md',
  'reference/how-it-works.md',
  'reference/performance.md',
  'reference/migration.md',
];

const isReference = (page: string) => page.startsWith('docs/reference/');

/** The number of words, as `wc -w` counts them. */
const wordsOf = (page: string) =>
  textOfPage(page)
    .split(/\s+/)
    .filter((word) => word !== '').length;

test('docs/ has the pages of the structure and no other', () => {
  const expected = ['README.md', 'architecture.md', ...STRUCTURE].map((name) => `docs/${name}`);
  expect(PAGES.filter((page) => page !== 'README.md')).toEqual(expected.toSorted());
});

test('docs/README.md links to every page, in the order of the structure', () => {
  const { links } = readPage(textOfPage('docs/README.md'));
  const linked = links.map((url) => url.replace(/#.*/, '')).filter((url) => STRUCTURE.includes(url));
  expect([...new Set(linked)]).toEqual(STRUCTURE);
});

test.each(PAGES.filter((page) => !isReference(page)))('%s is short enough', (page) => {
  expect(wordsOf(page)).toBeLessThanOrEqual(page === 'README.md' ? MOST_OF_README : MOST_OF_PAGE);
});

test('all pages for users but the references are short enough together', () => {
  const words = PAGES.filter((page) => !isReference(page) && page !== 'docs/architecture.md').map(wordsOf);
  expect(words.reduce((sum, count) => sum + count, 0)).toBeLessThan(MOST_OF_ALL);
});
