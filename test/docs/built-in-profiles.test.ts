/**
 * docs/reference/built-in-tables.md lists every syscall, and what it says is what the profiles decide. built-in-profiles.md has a
 * section for each profile.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile, evaluate } from '../../lib/index.js';
import { BUILTIN_DEFINITIONS } from '../../lib/profile/builtin/index.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { errnoName } from '../../lib/syscalls/errno.js';
import { syscallNames, syscallNumber } from '../../lib/syscalls/table.js';
import { ROWS } from '../support/blocked-calls.js';
import { packageRoot } from '../support/root.js';

const read = (name: string) => readFileSync(join(packageRoot, 'docs/reference', name), 'utf8');
const page = read('built-in-tables.md');
const choosing = read('built-in-profiles.md');
const profiles = [...BUILTIN_DEFINITIONS.keys()];
const wordsIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);

/** The rows of the table of all calls: the names of calls, a cell for each profile, and the reason. */
const rows = [...page.matchAll(/^\| (`.*) \|$/gm)]
  .map(([, row = '']) => row.split(' | '))
  .filter((cells) => cells.length === profiles.length + 2);
const [, allowed = ''] = page.split('### Allowed by all\n');

test('there is a section for each built-in', () => {
  const headings = [...choosing.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
  expect(headings.filter((heading) => profiles.includes(heading))).toEqual(profiles);
});

test('names every syscall once', () => {
  const named = [...rows.flatMap(([names = '']) => wordsIn(names)), ...wordsIn(allowed.split('###')[0] ?? '')];
  expect(named.toSorted()).toEqual([...syscallNames()].toSorted());
});

test('has a reason for each call that Docker’s documentation lists, unless all profiles allow it', () => {
  const reasons = new Map(rows.flatMap((cells) => wordsIn(cells[0] ?? '').map((name) => [name, cells.at(-1) ?? ''])));
  const listed = [...new Set(ROWS.map(({ name }) => name))].filter((name) => !wordsIn(allowed).includes(name));
  expect(listed.filter((name) => !/^[A-Z].+\.$/.test(reasons.get(name) ?? ''))).toEqual([]);
});

describe.each(profiles)('%s', (profile) => {
  const { policy } = compile(profile, {
    host: { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() },
  });
  const actionOf = (number: number) => evaluate(policy, { arch: abiOf('x86_64').audit, number, args: [] });

  test('decides calls as its column says', () => {
    const wrong = rows.flatMap((cells) =>
      wordsIn(cells[0] ?? '').flatMap((name) => {
        const cell = cells[profiles.indexOf(profile) + 1] ?? '';
        const number = syscallNumber('x86_64', name);
        if (number === undefined || / or |;|arguments/.test(cell)) return [];
        const action = actionOf(number);
        const decision = action.kind === 'errno' ? errnoName(action.errno) : action.kind;
        return decision === (cell === '✓' ? 'allow' : cell) ? [] : [`${name}: ${decision}, not ${cell}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('allows the calls that the page lists as allowed by all', () => {
    const numbers = wordsIn(allowed.split('###')[0] ?? '').flatMap((name) => syscallNumber('x86_64', name) ?? []);
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers.filter((number) => actionOf(number).kind !== 'allow')).toEqual([]);
  });
});

test('has no empty or unknown cell', () => {
  expect(page + choosing).not.toMatch(/undefined|null|NaN|\[object|\| \| /);
});
