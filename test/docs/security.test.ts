/**
 * Each claim of docs/reference/security-claims.md names its test, and that test exists and is not skipped in its source.
 * docs/security.md, which describes the layers of protection, links each of its statements to a claim that exists.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stepsOf, titlesOf } from '../support/test-titles.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const claims = read('docs/reference/security-claims.md');
const rows = [...claims.matchAll(/^\| <a id="([a-z0-9-]+)"><\/a>(.+) \| (.+) \|$/gm)].map(
  ([, id = '', claim = '', tests = '']) => ({ id, claim, tests }),
);
const layers = /\n## What each layer stops\n(.*?)\n## /s.exec(read('docs/security.md'))?.[1] ?? '';

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

const known = new Map<string, readonly string[]>();

function titlesIn(path: string): readonly string[] {
  const titles = known.get(path) ?? (path.endsWith('.sh') ? stepsOf(read(path)) : titlesOf(read(path)));
  known.set(path, titles);
  return titles;
}

test('there are claims', () => {
  expect(rows.length).toBeGreaterThan(40);
});

test('each row of the table is a claim with an id of its own', () => {
  const lines = claims.split('\n').filter((line) => /^\| (?!claim \||--- \|)/.test(line));
  expect(rows.length).toBe(lines.length);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test('the security model refers only to claims that exist', () => {
  const ids = rows.map(({ id }) => id);
  const links = [...read('docs/security.md').matchAll(/security-claims\.md#([^)]+)\)/g)].map(([, id = '']) => id);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('each statement on what a layer stops refers to a claim', () => {
  const statements = layers.split(/\n(?=- )|\n\n/).filter((text) => text.startsWith('- '));
  expect(statements.length).toBeGreaterThan(10);
  expect(statements.filter((text) => !text.includes('](reference/security-claims.md#'))).toEqual([]);
});

test.each(rows)('$claim', ({ tests: text }) => {
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
