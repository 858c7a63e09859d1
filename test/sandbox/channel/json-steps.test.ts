/** The reader of long JSON texts, against JSON.parse. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  JsonReader,
  MOST_NAMES,
  MOST_VALUES,
  SHORT,
  TooMuch,
  UNFINISHED,
} from '../../../lib/sandbox/channel/json-steps.js';

const PADDING = ' '.repeat(SHORT);
const never = () => false;

/** What a function returns, or that it throws a SyntaxError. */
function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return 'no JSON';
  }
}

function expectSame(text: string): void {
  expect(outcome(() => new JsonReader(PADDING + text).read(never))).toEqual(outcome(() => JSON.parse(text)));
}

test('a short text is read by JSON.parse', () => {
  expect(new JsonReader('{"a":[1]}').read(() => true)).toEqual({ a: [1] });
});

describe('a long text has the value of JSON.parse, or is no JSON for both', () => {
  test('values of all kinds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
        expectSame(JSON.stringify(value, null, indent));
      }),
    );
  });

  test('pieces of JSON in any order', () => {
    const pieces = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"__proto__"', '"toString"', '"\\"', '"\\\\"', '"\\u00e9"', '"\\x"'],
      ...['"\n"', '"', '\\', '1', '-0', '01', '1.5e3', '1.', '-', '1e', 'true', 'nul', 'null', ' ', '\t', '\u00a0'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (all) => {
        expectSame(all.join(''));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '{"__proto__":1}',
    '{"__proto__":{"a":1},"a":2,"a":3}',
    '[]',
    '',
    ' ',
    '[1,]',
    '{"a":1,}',
    '[[],{}]',
    '1 2',
    '{"a" 1}',
  ])('%s', expectSame);

  test('no setter of Object.prototype is called', () => {
    Object.defineProperty(Object.prototype, 'polluted', { set: () => expect.fail(), configurable: true });
    try {
      expect(Object.keys(new JsonReader(`${PADDING}{"polluted":1}`).read(never) as object)).toEqual(['polluted']);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  });
});

test('a text is read in steps', () => {
  const values = Array.from({ length: 1000 }, (_, i) => ({ [`name ${i}`]: i, list: [i] }));
  const reader = new JsonReader(PADDING + JSON.stringify(values));
  let steps = 0;
  let read: unknown = UNFINISHED;
  while (read === UNFINISHED) {
    steps++;
    read = reader.read(() => true);
  }
  expect(read).toEqual(values);
  expect(steps).toBeGreaterThan(10);
});

test('more than JSON.stringify writes in one another is refused', () => {
  const nested = (depth: number) => PADDING + '['.repeat(depth) + ']'.repeat(depth);
  expect(() => new JsonReader(nested(16_385)).read(never)).not.toThrow();
  expect(() => new JsonReader(nested(20_000)).read(never)).toThrow(TooMuch);
  expect(() => new JsonReader('['.repeat(SHORT + 1)).read(never)).toThrow(TooMuch);
});

test('more than a million values are refused', () => {
  const list = (count: number) => `[${'0,'.repeat(count - 2)}0]`;
  expect(new JsonReader(list(MOST_VALUES)).read(never)).toHaveLength(MOST_VALUES - 1);
  expect(() => new JsonReader(list(MOST_VALUES + 1)).read(never)).toThrow(TooMuch);
});

test('an object of too many names is refused', () => {
  const object = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":[${' '.repeat(8)}]`).join()}}`;
  expect(Object.keys(new JsonReader(object(MOST_NAMES)).read(never) as object)).toHaveLength(MOST_NAMES);
  expect(() => new JsonReader(object(MOST_NAMES + 1)).read(never)).toThrow(TooMuch);
});
