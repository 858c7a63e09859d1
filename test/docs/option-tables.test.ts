/** The tables of options in docs/ are the output of scripts/generate-options.ts, and lack no option of any function. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FunctionName, optionsOf } from '../../lib/sandbox/options/table.js';
import { readOptionTypes, withOptionTables } from '../../scripts/generate-options.js';
import { packageRoot } from '../support/scripts.js';

const types = readOptionTypes();
const docs = join(packageRoot, 'docs');
const pages = readdirSync(docs)
  .filter((name) => name.endsWith('.md'))
  .map((name) => [name, readFileSync(join(docs, name), 'utf8')] as const)
  .filter(([, page]) => page.includes('<!-- options of '));

test('each function has its options on a page', () => {
  const named = pages.flatMap(([, page]) =>
    [...page.matchAll(/<!-- options of ([\w, ]+?)(?: beside spawn)? -->/g)].flatMap(([, names = '']) =>
      names.split(', '),
    ),
  );
  const documented = [
    'spawn',
    'spawnSync',
    'run',
    'execve',
    'fork',
    'record',
    'harden',
    'listen',
    'compile',
    'probe',
    'assertDenied',
  ];
  expect(named.toSorted()).toEqual(documented.toSorted());
});

test.each(pages)('docs/%s is up to date', (_, page) => {
  expect(page, 'run `npm run generate:options`').toBe(withOptionTables(page, types));
});

describe.each([...types])('the type of the options of %s', (name, options) => {
  test('has the options that the table has for it', () => {
    expect([...options.keys()].toSorted()).toEqual(optionsOf(name as FunctionName).toSorted());
  });
});

test('no cell of a table is empty', () => {
  const rows = pages.flatMap(([, page]) =>
    [...page.matchAll(/<!-- options of .*?<!-- end of options -->/gs)].flatMap(([block]) => block.split('\n')),
  );
  expect(rows.filter((row) => /\|\s*\||``/.test(row))).toEqual([]);
});
