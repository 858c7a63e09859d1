/** The kinds of values in a sandbox file: what each reads, what it says about others, and the schema that editors use. */
import { describe, expect, test } from 'vitest';
import { toIssues } from '../../../lib/profile/document/diagnostics.js';
import { JsonNumber } from '../../../lib/profile/json/value.js';
import {
  choice,
  FLAG,
  type Kind,
  listOf,
  mapOf,
  number,
  numberOrText,
  objectOf,
  oneOf,
  quotedFlag,
  text,
} from '../../../lib/sandbox/file/kinds.js';
import { Problems } from '../../../lib/sandbox/file/problems.js';

/** What a kind reads of a value, or the problems. */
function read(kind: Kind<unknown>, value: unknown): unknown {
  const problems = new Problems();
  const result = kind.read(value, ['key'], problems);
  const all = problems.all.map(({ path, message }) => `${path.join('.')}: ${message}`);
  expect(problems.hasErrors).toBe(all.length > 0);
  return all.length === 0 ? result : all;
}

const remedy = (value: unknown) => (value === 'known' ? 'do this' : undefined);
const TEXT = text('a text', remedy);
const ANY = text('any text', remedy, 0);
const SIZE = numberOrText('a size', { type: 'integer' });
const CHOICE = choice(['kill', 'leave']);
const FRUIT = choice(['apple', 'pear'], remedy, 'a fruit');
const NUMBER = number('a number', { type: 'integer' }, (value) => (value === 'known' ? 'do this' : undefined));
const LIST = listOf(FLAG, 'a list of flags', 2, remedy);
const MAP = mapOf(FLAG, 'an object of flags');
const OBJECT = objectOf(
  {
    first: { kind: FLAG, about: 'The first.', isRequired: true },
    second: { kind: TEXT, about: 'The second.' },
  },
  'an object',
  (key) => (key === 'third' ? 'it is gone' : undefined),
  remedy,
);
const ONE = oneOf({ string: TEXT, number: NUMBER, boolean: FLAG, list: LIST }, 'one of these', remedy);
const FEW = oneOf({ object: OBJECT }, 'an object of its own');

describe('a value is read', () => {
  test.each<[string, Kind<unknown>, unknown, unknown]>([
    ['a text', TEXT, 'x', 'x'],
    ['any text', ANY, '', ''],
    ['a size', SIZE, '1G', '1G'],
    ['a size', SIZE, '1.5.2', '1.5.2'],
    ['a flag', FLAG, false, false],
    ['a choice', CHOICE, 'leave', 'leave'],
    ['a number of the text', NUMBER, 5n, 5n],
    ['a number of a program', NUMBER, 1.5, 1.5],
    ['a number with a fraction', NUMBER, new JsonNumber('1.5'), 1.5],
    ['a number with an exponent', NUMBER, new JsonNumber('1e3'), 1000],
    ['zero', NUMBER, new JsonNumber('-0.00'), -0],
    ['zero', NUMBER, new JsonNumber('0e5'), 0],
    ['zero', NUMBER, new JsonNumber('0.0E5'), 0],
    ['a list', LIST, [true, false], [true, false]],
    ['an empty list', LIST, [], []],
    ['a map', MAP, { a: true, b: false }, { a: true, b: false }],
    ['an object', OBJECT, { first: true, second: 'x' }, { first: true, second: 'x' }],
    ['an object with an undefined key', OBJECT, { first: true, third: undefined }, { first: true }],
    ['one kind', ONE, 'x', 'x'],
    ['another', ONE, true, true],
    ['another', ONE, 5n, 5n],
    ['another', ONE, 5, 5],
    ['another', ONE, new JsonNumber('5.5'), 5.5],
    ['another', ONE, [true], [true]],
    ['another', FEW, { first: true }, { first: true }],
  ])('%s', (_, kind, value, expected) => {
    const result = read(kind, value);
    expect(typeof result === 'object' && !Array.isArray(result) ? { ...result } : result).toEqual(expected);
  });
});

describe('a value is refused', () => {
  test.each<[string, Kind<unknown>, unknown, string]>([
    ['an empty text', TEXT, '', 'is empty: give a text'],
    ['a null byte', TEXT, 'a\0', 'has a null byte, which no text may have here: remove it'],
    ['a null byte', ANY, '\0', 'has a null byte, which no text may have here: remove it'],
    ['a number', TEXT, 5, 'must be a text, not 5'],
    ['null', ANY, null, 'must be any text, not null: leave it out'],
    ['a list', TEXT, [], 'must be a text, not a list'],
    ['an object', TEXT, {}, 'must be a text, not an object'],
    ['a number in quotes', SIZE, '5', 'must be a size, not "5": write it without quotes'],
    ['a number in quotes', SIZE, '-1.5', 'must be a size, not "-1.5": write it without quotes'],
    ['an empty size', SIZE, '', 'is empty: give a size'],
    ['a flag in quotes', FLAG, 'true', 'must be true or false, not "true": write it without quotes'],
    ['another text', FLAG, 'yes', 'must be true or false, not "yes"'],
    ['another choice', CHOICE, 'stop', 'must be "kill" or "leave", not "stop"'],
    ['a misspelled choice', CHOICE, 'leav', 'must be "kill" or "leave" (did you mean leave?), not "leav"'],
    ['a number', CHOICE, 5, 'must be "kill" or "leave", not 5'],
    ['what has a remedy', FRUIT, 'known', 'must be a fruit, not "known": do this'],
    [
      'a number that is too large',
      NUMBER,
      new JsonNumber('1e999'),
      '1e999 is no number that can be used: give a number',
    ],
    [
      'a number that is too small',
      NUMBER,
      new JsonNumber('1e-999'),
      '1e-999 is no number that can be used: give a number',
    ],
    ['a number in quotes', NUMBER, '1.5', 'must be a number, not "1.5": write it without quotes'],
    ['a negative number in quotes', NUMBER, '-1', 'must be a number, not "-1"'],
    ['what has a remedy', NUMBER, 'known', 'must be a number, not "known": do this'],
    ['what is no list', LIST, 'known', 'must be a list of flags, not "known": do this'],
    ['an object', LIST, {}, 'must be a list of flags, not an object'],
    ['too many elements', LIST, [1, 2, 3], 'has 3 elements: give at most 2'],
    ['what is no map', MAP, [], 'must be an object of flags, not a list'],
    ['what is no map', MAP, new JsonNumber('1.5'), 'must be an object of flags, not 1.5'],
    ['what is no object', OBJECT, 'known', 'must be an object, not "known": do this'],
    ['a list', OBJECT, [], 'must be an object, not a list'],
    ['a type that is none of several', ONE, {}, 'must be one of these, not an object'],
    ['null', ONE, null, 'must be one of these, not null: leave it out'],
    ['a text', FEW, 'x', 'must be an object of its own, not "x"'],
    ['a function', ONE, Math.abs, `must be one of these, not ${Math.abs}`],
  ])('%s', (_, kind, value, message) => {
    expect(read(kind, value)).toEqual([`key: ${message}`]);
  });

  test('at the places of its parts, of which the others are read', () => {
    const problems = new Problems();
    expect(LIST.read([true, 5], ['list'], problems)).toEqual([true, undefined]);
    expect({ ...MAP.read({ a: 5, b: true }, ['map'], problems) }).toEqual({ a: undefined, b: true });
    const document = { second: 5, thrid: 1, third: 1, frist: 1, nothing: 1, toString: 1 };
    expect({ ...OBJECT.read(document, [], problems) }).toEqual({ second: undefined });
    expect(toIssues(problems.all, undefined).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'list[1]: must be true or false, not 5',
      'map.a: must be true or false, not 5',
      'second: must be a text, not 5',
      'thrid: is an unknown key: the keys are first, second',
      'third: is an unknown key: it is gone',
      'frist: is an unknown key (did you mean first?)',
      'nothing: is an unknown key: the keys are first, second',
      'toString: is an unknown key: the keys are first, second',
      ': is missing "first": add it',
    ]);
  });
});

test('a schema has the type, the fields with what editors say about them, and the limits', () => {
  expect([TEXT, ANY, SIZE, FLAG, CHOICE, NUMBER].map(({ json }) => json)).toEqual([
    { type: 'string', minLength: 1 },
    { type: 'string' },
    { anyOf: [{ type: 'integer' }, { type: 'string', minLength: 1 }] },
    { type: 'boolean' },
    { type: 'string', enum: ['kill', 'leave'] },
    { type: 'integer' },
  ]);
  expect(LIST.json).toEqual({ type: 'array', items: { type: 'boolean' }, maxItems: 2 });
  expect(MAP.json).toEqual({ type: 'object', additionalProperties: { type: 'boolean' } });
  expect(OBJECT.json).toEqual({
    type: 'object',
    properties: {
      first: { description: 'The first.', type: 'boolean' },
      second: { description: 'The second.', type: 'string', minLength: 1 },
    },
    required: ['first'],
    additionalProperties: false,
  });
  expect(objectOf({}, 'nothing').json).toEqual({ type: 'object', properties: {}, additionalProperties: false });
  expect(FEW.json).toEqual({ anyOf: [OBJECT.json] });
});

test('a flag in quotes has a remedy, and no other value', () => {
  expect(['true', 'false', 'yes', true].map(quotedFlag)).toEqual([
    ...['write it without quotes', 'write it without quotes', undefined, undefined],
  ]);
});

describe('problems', () => {
  test('are errors and warnings in their order', () => {
    const problems = new Problems();
    problems.warn(['a', 0], 'is odd');
    expect(problems.hasErrors).toBe(false);
    expect(problems.error(['b'], 'is wrong')).toBe(undefined);
    expect([problems.hasErrors, problems.all]).toEqual([
      true,
      [
        { path: ['a', 0], message: 'is odd', severity: 'warning' },
        { path: ['b'], message: 'is wrong', severity: 'error' },
      ],
    ]);
  });

  test.each([
    ['<here>: must be 5', 'must be 5'],
    ['<here>.memory[0]: must be 5', 'must be 5'],
    ['options.limits.memory: must be 5', 'must be 5'],
    ['another: options.a: must be 5', 'another: options.a: must be 5'],
    ['must be 5', 'must be 5'],
  ])('of a check that throws %j are %j', (thrown, message) => {
    const problems = new Problems();
    const result = problems.attempt(['key'], () => {
      throw new Error(thrown);
    });
    expect([result, problems.all]).toEqual([undefined, [{ path: ['key'], message, severity: 'error' }]]);
  });

  test('of a check that succeeds are none, and what is no Error is thrown', () => {
    const problems = new Problems();
    expect([problems.attempt([], () => 5), problems.all]).toEqual([5, []]);
    expect(() =>
      problems.attempt([], () => {
        throw 'a text';
      }),
    ).toThrow('a text');
  });
});
