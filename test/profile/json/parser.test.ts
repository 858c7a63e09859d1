/** JSON text is read as Go reads it, exactly, and places are found again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonNumber, JsonSyntaxError, parseJson } from '../../../lib/profile/json/parser.js';
import { toIssues } from '../../../lib/profile/json/positions.js';

test('whatever JSON.stringify writes is read as JSON.parse reads it', () => {
  const plain = fc.jsonValue({ noUnicodeString: false }).filter((value) => !hasNumbersOfOtherKinds(value));
  fc.assert(
    fc.property(plain, (value) => {
      const text = JSON.stringify(value); // Which writes −0 as 0.
      expect(parseJson(text).value).toEqual(JSON.parse(text));
    }),
  );
});

test('text is JSON for this reader if and only if it is for JSON.parse', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"\\',
    '1',
    '-',
    '0',
    '.5',
    'e3',
    'null',
    'tru',
    ' ',
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (json) => {
      expect(isJson(parseJson, json)).toBe(isJson(JSON.parse, json));
    }),
  );
});

function isJson(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Fractions, negative numbers, and those of 2⁵³ and more, which are bigints. */
function hasNumbersOfOtherKinds(value: unknown): boolean {
  return /[-.]|e\d|\d{16}/.test(JSON.stringify(value, (_, item) => (typeof item === 'string' ? '' : item)));
}

describe('numbers', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['-1', new JsonNumber('-1')],
    ['-0', new JsonNumber('-0')],
    ['1.0', new JsonNumber('1.0')],
    ['1e3', new JsonNumber('1e3')],
    ['123456789012345678901', new JsonNumber('123456789012345678901')],
  ])('%s', (text, value) => {
    expect(parseJson(text).value).toEqual(value);
  });
});

describe('strings', () => {
  test.each([
    ['escapes', '"\\u0041\\n\\/\\""', 'A\n/"'],
    ['a pair of surrogates', '"\\ud83d\\ude00"', '😀'],
    ['a lone surrogate, escaped', '"\\ud800x"', '\uFFFDx'],
    ['a lone surrogate, as it is', '"\udc00x"', '\uFFFDx'],
  ])('%s', (_, text, value) => {
    expect(parseJson(text).value).toBe(value);
  });
});

test('of a key that stands twice the last value is taken; all entries and each repetition are told', () => {
  const paths: unknown[] = [];
  const { value, entries } = parseJson('{"a": [{"b": 1, "b": 2, "c": 3, "b": 4}]}', {
    repeats: (path) => paths.push(path),
  });
  expect(value).toEqual({ a: [{ c: 3, b: 4 }] });
  expect([...entries.values()]).toEqual([
    [
      ['b', 1],
      ['b', 2],
      ['c', 3],
      ['b', 4],
    ],
  ]);
  expect(paths).toEqual([
    ['a', 0, 'b'],
    ['a', 0, 'b'],
  ]);
});

test('a __proto__ key is a key', () => {
  const { value } = parseJson('{"__proto__": {"x": 1}}');
  expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(Object.getPrototypeOf(value))).toBeNull();
});

describe('what is not JSON', () => {
  test.each([
    ['', 0, 'the end of the text stands where a value should'],
    ['{"a" 1}', 5, '"1" stands where a colon should'],
    ['{"a": 1 "b"}', 8, '"\\"" stands where a comma or the end should'],
    ['[1,]', 3, '"]" stands where a value should; leave out the comma before it'],
    ['{"a": 1,\n}', 9, '"}" stands where a key in double quotes should; leave out the comma before it'],
    ['{"a": }', 6, '"}" stands where a value should'],
    ['[1 // one\n]', 3, '"/" stands where a comma or the end should; JSON has no comments'],
    ["['a']", 1, '"\'" stands where a value should; strings are in double quotes'],
    ['[1}', 2, '"}" stands where a comma or the end should'],
    ['{a: 1}', 1, '"a" stands where a key in double quotes should'],
    ['01', 1, '"1" stands after the document'],
    ['-', 0, 'a number has no digits'],
    ['"a\nb"', 2, 'a control character in a string'],
    ['"\\x"', 1, 'an escape that JSON does not have'],
    ['"abc', 4, 'the end of the text'],
    ['\uFEFF{}', 0, 'it begins with a byte order mark: save it as UTF-8 without one'],
  ])('%j, at %i', (text, offset, message) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ offset, message: `this is not JSON: ${message}` }));
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
  });

  test('values nested as deep as in Go are read, and none deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parseJson(nested(10_000))).not.toThrow();
    expect(() => parseJson(nested(10_001))).toThrow('nested more than 10000 deep');
  });
});

test('places are those of the last key that is meant, in any case, or of what is around it', () => {
  const text = '{\n "a": [\n  1, {"B": 2, "b": 3}]}';
  const at = (...path: (string | number)[]) => {
    const [issue] = toIssues([{ path, message: '', severity: 'error' }], text);
    return [issue?.line, issue?.column];
  };
  expect(at()).toEqual([1, 1]);
  expect(at('a')).toEqual([2, 2]);
  expect(at('a', 1)).toEqual([3, 6]);
  expect(at('a', 1, 'b')).toEqual([3, 15]);
  expect(at('a', 1, 'c')).toEqual([3, 6]);
  expect(at('x', 'y')).toEqual([1, 1]);
});
