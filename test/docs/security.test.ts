/**
 * Each claim of docs/security.md names its test, and that test exists and is not skipped in its source.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stepsOf, titlesOf } from '../support/test-titles.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rows = [...read('docs/security.md').matchAll(/^\| (?!claim|---)(.+) \| (.+) \|$/gm)].map(
  ([, claim = '', tests = '']) => [claim, tests] as const,
);

/** The files that a claim names, each with the titles that it names of the tests in it. */
function testsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const tests = new Map<string, readonly string[]>();
  let file = '';
  for (const [, path, title = ''] of text.matchAll(/`([^`]+)`|\*([^*]+)\*/g)) {
    file = path ?? file;
    tests.set(file, [...(tests.get(file) ?? []), ...(path === undefined ? [title] : [])]);
  }
  return tests;
}

const titlesIn = (path: string) => (path.endsWith('.sh') ? stepsOf(read(path)) : titlesOf(read(path)));

test('there are claims', () => {
  expect(rows.length).toBeGreaterThan(40);
});

test.each(rows)('%s', (_, text) => {
  const tests = testsOf(text);
  expect(tests.size, 'files that are named').toBeGreaterThan(0);
  const withoutTests = [...tests.keys()].filter((path) => path.endsWith('.test.ts') && titlesIn(path).length === 0);
  expect(withoutTests).toEqual([]);
  for (const [path, wanted] of tests) {
    const titles = titlesIn(path);
    const missing = wanted.filter((part) => !titles.some((title) => title.includes(part)));
    expect(missing, `titles that are not in ${path}`).toEqual([]);
  }
});

test('a title in a comment or in the body of a test, or of a test that never runs, does not support a claim', () => {
  expect(titlesOf(read('test/docs/fixtures/tests.txt'))).toEqual([
    'a group',
    'plain',
    ...['of each %s', 'first row', 'second row'],
    ...['of a table', 'row of a variable'],
    'in a template',
    'that needs root',
    'that is for a machine',
    'in a loop',
    'a group with an obstacle',
    'and its own test',
  ]);
});
