/**
 * The generated pages of docs/reference/ are the output of their generators; those of api/ describe every export, their tables
 * of options lack no option of any function, and api.md lists all of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type FunctionName, optionsOf } from '../../lib/sandbox/options/table.js';
import { OTHERS, SECTIONS } from '../../scripts/generate/reference/api-sections.js';
import * as declarations from '../../scripts/generate/reference/declarations.js';
import * as optionTables from '../../scripts/generate/reference/option-tables.js';
import { FOLDER, pages } from '../../scripts/generate/reference/pages.js';
import { packageRoot } from '../support/root.js';

// The compiler reads the package once: for the pages.
const readingExports = vi.spyOn(declarations, 'readExports');
const readingTypes = vi.spyOn(optionTables, 'readOptionTypes');
const generated = pages();
const exports = readingExports.mock.results[0]?.value as readonly declarations.Export[];
const types = readingTypes.mock.results[0]?.value as optionTables.OptionTypes;
vi.restoreAllMocks();

const index = readFileSync(join(FOLDER, 'api.md'), 'utf8');
const names = readdirSync(join(FOLDER, 'api'));
const page = names.map((name) => readFileSync(join(FOLDER, 'api', name), 'utf8')).join('\n');

test.each([...generated])('docs/reference/%s is up to date', (name, text) => {
  expect(readFileSync(join(FOLDER, name), 'utf8'), 'run `npm run generate -- docs`').toBe(text);
});

const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);

test('every export of every entry point has a heading', () => {
  const { exports: entries } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    exports: object;
  };
  const modules = Object.keys(entries)
    .filter((name) => !name.endsWith('.json') && name !== '.' && name !== './testing')
    .map((name) => name.replace('.', 'seccomp'));
  expect(headings.toSorted()).toEqual([...exports.map(({ name }) => name), ...modules].toSorted());
});

test('the index has a row for every export', () => {
  const rows = [...index.matchAll(/^\| \[`(.*?)`\]\(api\/.*\) \| (.+) \|$/gm)];
  expect(rows.map(([, name]) => name).toSorted()).toEqual(headings.toSorted());
  expect(rows.filter(([, , purpose = '']) => !/^[A-Z`].*[.…]$/.test(purpose)).map(([, name]) => name)).toEqual([]);
});

test('the folder has a page for each section and no other', () => {
  expect(names.toSorted()).toEqual([...SECTIONS, OTHERS].map(({ page: name }) => `${name}.md`).toSorted());
});

test('each function and class has a section by its task: otherwise list it in scripts/generate/reference/api-sections.ts', () => {
  const listed = SECTIONS.flatMap((section) => section.exports);
  const callable = exports.filter(({ kind }) => kind === 'function' || kind === 'class').map(({ name }) => name);
  expect(callable.filter((name) => !listed.includes(name))).toEqual([]);
});

test('each parameter of each function has a description', () => {
  const missing = exports
    .filter(({ kind }) => kind === 'function')
    .flatMap(({ name, signatures, docstring }) => {
      const named = signatures.flatMap((each) =>
        [...each.matchAll(/[(,] ?(\w+)\??: (?!undefined)/g)].map(([, param = '']) => param),
      );
      const described = docstring.params.map(([param]) => param);
      return [...new Set(named)].filter((param) => !described.includes(param)).map((param) => `${name}: ${param}`);
    });
  expect(missing).toEqual([]);
});

test('each function that returns something says what', () => {
  const missing = exports
    .filter(
      ({ kind, signatures }) => kind === 'function' && !/: (?:void|never|Promise<void>)$/.test(signatures[0] ?? ''),
    )
    .filter(({ docstring }) => docstring.returns === '');
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test.each([...types.keys()])('%s has a section of its options', (name) => {
  const [section = ''] = page.split(`### Options of ${name}\n`)[1]?.split(/^##/m) ?? [];
  const absent = optionsOf(name as FunctionName).filter((option) => !section.includes(`\`${option}\``));
  expect(absent).toEqual([]);
});

describe.each([...types])('the type of the options of %s', (name, options) => {
  test('has the options that the table has for it', () => {
    expect([...options.keys()].toSorted()).toEqual(optionsOf(name as FunctionName).toSorted());
  });
});

test('no cell of a table is empty', () => {
  const rows = page.split('\n').filter((row) => row.startsWith('|'));
  expect(rows.filter((row) => /\|\s*\||``/.test(row.replaceAll('`` ', '')))).toEqual([]);
});

test('no text is left in the notation of docstrings', () => {
  const lines = page.split('\n').filter((line) => /\{@|@(?:param|returns|throws|example)\b|\[object/.test(line));
  expect(lines).toEqual([]);
});
