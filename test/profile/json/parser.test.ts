/** JSON text is read as Go reads it, exactly, and the positions of its values are found. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, parseJson } from '../../../lib/profile/json/parser.js';
import { offsetsOf, positionFinder } from '../../../lib/profile/json/positions.js';
import { foldKey, JsonNumber } from '../../../lib/profile/json/value.js';

test('output of JSON.stringify is read as by JSON.parse', () => {
  // fast-check's own unit of all code points takes a second to make.
  const stringUnit = fc.nat({ max: 0x10f7ff }).map((i) => String.fromCodePoint(i < 0xd800 ? i : i + 0x800));
  const plain = fc.jsonValue({ stringUnit }).map(withoutNumbersOfOtherKinds);
  fc.assert(
    fc.property(plain, (value) => {
      const text = JSON.stringify(value); // Which writes −0 as 0.
      expect(parseJson(text).value).toEqual(JSON.parse(text));
    }),
  );
});

test('accepts exactly the texts that JSON.parse accepts', () => {
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

test.each([
  '[ ]',
  '{ }',
  '[ 1 , 2 ]',
  '{ "a" : 1 , "b" : [ ] , "c" : { } }',
  ' 1 ',
  '\t\n\r [\t1\n]\r',
  '[[ ] ]',
  '{"a":{ } }',
])('white space may be between all tokens: %j', (text) => {
  expect(parseJson(text).value).toEqual(JSON.parse(text));
});

test.each(['\u00a0[]', '\f[]', '[]\v', '\ufeff[]', '[\u2028]'])('other white space is refused: %j', (text) => {
  expect([isJson(parseJson, text), isJson(JSON.parse, text)]).toEqual([false, false]);
});

function isJson(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A value whose numbers are from 0 to 2⁵³ − 1: fractions and negative numbers are read as others, and larger ones as bigints. */
function withoutNumbersOfOtherKinds(value: unknown): unknown {
  const toInteger = (number: number) => Math.floor(Math.abs(number)) % 2 ** 53;
  return JSON.parse(JSON.stringify(value), (_, item) => (typeof item === 'number' ? toInteger(item) : item));
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

test('a repeated key has its last value; all entries of the object and the path of the key are listed', () => {
  const { value, entries, repeats } = parseJson('{"a": [{"b": 1, "b": 2, "c": 3, "b": 4}]}');
  expect(value).toEqual({ a: [{ c: 3, b: 4 }] });
  expect([...entries.values()]).toEqual([
    [
      ['b', 1],
      ['b', 2],
      ['c', 3],
      ['b', 4],
    ],
  ]);
  expect(repeats).toEqual([['a', 0, 'b']]);
});

test('a __proto__ key is an ordinary key', () => {
  const { value } = parseJson('{"__proto__": {"x": 1}}');
  expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(Object.getPrototypeOf(value))).toBeNull();
});

describe('invalid JSON is refused', () => {
  test.each([
    ['', 0, 'expected a value, found the end of the text'],
    ['{"a" 1}', 5, 'expected a colon, found "1"'],
    ['{"a": 1 "b"}', 8, 'expected a comma or the end, found "\\""'],
    ['[1,]', 3, 'expected a value, found "]"; remove the comma before it'],
    ['{"a": 1,\n}', 9, 'expected a key in double quotes, found "}"; remove the comma before it'],
    ['{"a": }', 6, 'expected a value, found "}"'],
    ['[1 // one\n]', 3, 'expected a comma or the end, found "/"; JSON has no comments'],
    ["['a']", 1, 'expected a value, found "\'"; JSON strings use double quotes'],
    ['[1}', 2, 'expected a comma or the end, found "}"'],
    ['{a: 1}', 1, 'expected a key in double quotes, found "a"'],
    ['\napiVersion: v1\n', 1, 'expected a value, found "a"; it looks like YAML: convert it to JSON'],
    ['abc', 0, 'expected a value, found "a"'],
    ['01', 1, 'expected the end, found "1"'],
    ['-', 0, 'a number has no digits'],
    ['"a\nb"', 2, 'a control character in a string'],
    ['"\\x"', 1, 'an invalid escape sequence in a string'],
    ['"abc', 4, 'the end of the text'],
    ['\uFEFF{}', 0, 'it begins with a byte order mark: save it as UTF-8 without one'],
  ])('%j, at %i', (text, offset, message) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ offset, message: `this is not JSON: ${message}` }));
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
  });

  test('values may nest as deeply as in Go, but no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parseJson(nested(10_000))).not.toThrow();
    expect(() => parseJson(nested(10_001))).toThrow('nested more than 10000 levels deep');
  });
});

describe('the position of a value', () => {
  const TEXT =
    '{\n "a": [\n  1, {"B": 2, "b": 3}, {}],\n "\\u0063 \\\\" : {"x": 1, "y": {"z": 1}}, "C \\\\": {"x": [2]}}';

  test.each<[string, (string | number)[], [number, number]]>([
    ['is that of its key', ['a'], [2, 2]],
    ['in an array is where it begins', ['a', 1], [3, 6]],
    ['after others is found', ['a', 2], [3, 24]],
    ['of the whole text is its beginning', [], [1, 1]],
    ['whose key is repeated in another case is that of the last', ['a', 1, 'b'], [3, 15]],
    ['that does not exist is that of the value around it', ['a', 1, 'c'], [3, 6]],
    ['in an array that is too short is that of the array', ['a', 3], [2, 2]],
    ['at an index of an object is that of the object', ['a', 1, 0], [3, 6]],
    ['at a key of an array is that of the array', ['a', 'b'], [2, 2]],
    ['inside a scalar is that of the scalar', ['a', 0, 'b', 1], [3, 3]],
    ['that has nothing around it is that of the whole text', ['x', 'y'], [1, 1]],
    ['whose key has escapes is found', ['c \\'], [4, 41]],
    ['of which an object with a repeated key has the last is there', ['c \\', 'x', 0], [4, 56]],
    ['which only the first object with a repeated key has is there', ['c \\', 'y', 'z'], [4, 31]],
  ])('%s', (_, path, [line, column]) => {
    const [offset = -1] = offsetsOf({ text: TEXT, path: [] }, [path]);
    expect(positionFinder(TEXT)(offset)).toEqual({ line, column });
  });

  test('is found in all output of JSON.stringify', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        for (const { path, item } of everythingIn(JSON.parse(text))) {
          const [offset = -1] = offsetsOf({ text, path: [] }, [path]);
          const key = path.at(-1);
          const begins = typeof key === 'string' ? JSON.stringify(key) : JSON.stringify(item, null, indent).slice(0, 1);
          expect(text.slice(offset)).toSatisfy((rest: string) => rest.startsWith(begins));
        }
      }),
    );
  });
});

/** Each value of a tree with its path. Objects have no two keys that Go would take for the same. */
function everythingIn(value: unknown, path: (string | number)[] = []): { path: (string | number)[]; item: unknown }[] {
  const isList = Array.isArray(value);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (!isList && new Set(entries.map(([key]) => foldKey(key))).size < entries.length) return [];
  const inside = entries.flatMap(([key, item]) => everythingIn(item, [...path, isList ? Number(key) : key]));
  return [{ path, item: value }, ...inside];
}
