/** The pages of the built-in profiles are the output of scripts/reference/built-in-profiles.ts, and list every syscall. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BUILTIN_DEFINITIONS } from '../../lib/profile/builtin/index.js';
import { syscallNames } from '../../lib/syscalls/table.js';
import { pages } from '../../scripts/reference/built-in-profiles.js';
import { ROWS } from '../support/blocked-calls.js';

const generated = pages();

test('there is a page for each built-in', () => {
  expect([...generated.keys()]).toEqual([...BUILTIN_DEFINITIONS.keys()].map((name) => `${name}.md`));
});

describe.each([...generated])('docs/%s', (name, text) => {
  test('is up to date', () => {
    const page = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    expect(page, 'run `npm run generate:docs`').toBe(text);
  });

  test('names every syscall', () => {
    const named = new Set([...text.matchAll(/`(\w+)`/g)].map(([, word]) => word));
    expect([...syscallNames()].filter((syscall) => !named.has(syscall))).toEqual([]);
  });

  test('has a row with a reason for each call that Docker’s documentation lists', () => {
    for (const { name: call } of ROWS)
      expect(text).toMatch(new RegExp(`^\\| \`${call}\` \\|.*\\| [A-Z][^|]+\\. \\|$`, 'm'));
  });

  test('has no empty or unknown cell', () => {
    expect(text).not.toMatch(/undefined|null|NaN|\[object/);
  });
});
