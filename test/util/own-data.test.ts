/** Copies of what callers pass: own data properties only, within bounds, and nothing that could change or run code. */
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import {
  copyDeeply,
  copyFields,
  copyList,
  define,
  freeze,
  has,
  indices,
  isObjectPrototype,
  nameAs,
  notPlain,
  numberProblem,
  own,
  propertyOf,
  type Refuse,
  recordFor,
} from '../../lib/util/own-data.js';

const refuse: Refuse = (path, problem, kind = 'value') => {
  throw new Error(`${kind} ${['it', ...path].join('.')} ${problem}`);
};
const message = (copy: () => unknown): string => {
  try {
    return `copied ${JSON.stringify(copy())}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const listed = (value: object, most = 3) => message(() => copyList(value, most, refuse));
const fieldsOf = (value: object) => message(() => copyFields(value, refuse));
const deep = (value: unknown, depth = 2, values = 6) => message(() => copyDeeply(value, { depth, values }, refuse));

const POLLUTED = 'polluted';
afterEach(() => Reflect.deleteProperty(Object.prototype, POLLUTED));

test('a list may have the most elements, and not one more', () => {
  expect(listed([1, 2, 3])).toBe('copied [1,2,3]');
  expect(listed([1, 2, 3, 4])).toBe('value it has 4 elements, more than 3');
  expect(listed([])).toBe('copied []');
  // An array of this length would take memory for its elements only when it is copied.
  expect(listed(new Array(2 ** 32 - 1))).toBe('value it has 4294967295 elements, more than 3');
});

class Kind {}
class Kinds extends Array {}

test.each<[object, string]>([
  [Object.defineProperty([1], 0, { get: () => 1 }), 'value it.0 is a getter: give the value itself'],
  [Object.assign(new Array(3), { 0: 1, 2: 3 }), 'value it.1 is a hole: give every element'],
  [Object.assign([1], { extra: 1 }), 'value it has extra beside its elements'],
  [Object.assign([1], { '01': 1 }), 'value it has 01 beside its elements'],
  [Object.assign([1], { '-1': 1 }), 'value it has -1 beside its elements'],
  [Object.assign([1], { [Symbol.iterator]: 1 }), 'value it has Symbol(Symbol.iterator) beside its elements'],
  [
    { length: 1, 0: 1 },
    'type it must be an array, not an object that inherits from another: pass a copy, { ...object }',
  ],
  [new Kinds(), 'type it must be an array, not a kind of array'],
  [new Uint8Array(1), 'type it must be an array, not an instance of Uint8Array'],
  [Object.setPrototypeOf([1], null), 'type it must be an array, not a kind of array'],
])('a list is refused that is %o', (value, problem) => {
  expect(listed(value).slice(0, problem.length)).toBe(problem);
});

test.each<[object, string]>([
  [{ a: 1, b: { c: 2 } }, 'copied {"a":1,"b":{"c":2}}'],
  [Object.assign(Object.create(null), { a: 1 }), 'copied {"a":1}'],
  [own({ a: 1 }), 'copied {"a":1}'],
  [runInNewContext('({ a: 1 })'), 'copied {"a":1}'],
  [[1], 'type it must be a plain object, not an array'],
  [runInNewContext('[1]'), 'type it must be a plain object, not an array'],
  [new Kind(), 'type it must be a plain object, not an instance of Kind'],
  [new (class {})(), 'type it must be a plain object, not an instance of a class'],
  [Object.create({ a: 1 }), 'type it must be a plain object, not an object that inherits from another'],
  [
    {
      get a() {
        return 1;
      },
    },
    'value it.a is a getter: give the value itself',
  ],
  [{ set a(_: number) {} }, 'value it.a is a getter: give the value itself'],
  [{ [Symbol('s')]: 1 }, 'value it has the key Symbol(s), and symbols are not allowed as keys'],
])('the fields of %o are copied or refused', (value, outcome) => {
  expect(fieldsOf(value).slice(0, outcome.length)).toBe(outcome);
});

test('a copy of fields inherits nothing', () => {
  Object.assign(Object.prototype, { [POLLUTED]: 1 });
  const copy = copyFields({ a: 1 }, refuse);
  expect([copy['a'], copy[POLLUTED], 'toString' in copy]).toEqual([1, undefined, false]);
  expect(Reflect.get(own({ a: 1 }), POLLUTED)).toBe(undefined);
});

test('a deep copy has the most values and the deepest nesting, and no more', () => {
  expect(deep([1, 2, 3, 4, 5])).toBe('copied [1,2,3,4,5]');
  expect(deep([1, 2, 3, 4, 5, 6])).toBe('value it.5 is one of more than 6 values: remove some');
  expect(
    deep([
      [1, 2],
      [3, 4],
    ]),
  ).toBe('value it.1.1 is one of more than 6 values: remove some');
  expect(deep({ a: { b: { c: 1 } } })).toBe('copied {"a":{"b":{"c":1}}}');
  expect(deep({ a: { b: { c: {} } } })).toBe('value it.a.b.c is nested more than 2 levels deep');
  expect(deep({ a: [new Date(0)] })).toBe('type it.a.0 must be a plain object or an array, not an instance of Date');
  expect(deep([null, 'text', true])).toBe('copied [null,"text",true]');
});

test('a deep copy shares nothing with its original', () => {
  const original = { list: [{ a: 1 }] };
  const copy = copyDeeply(original, { depth: 5, values: 10 }, refuse) as typeof original;
  expect(copy).toEqual(original);
  expect([copy.list === original.list, copy.list[0] === original.list[0]]).toEqual([false, false]);
});

test('a property is found on an instance and its class, and not on Object.prototype', () => {
  class Base {
    close() {}
    get fd() {
      return 5;
    }
  }
  Object.assign(Object.prototype, { [POLLUTED]: 1 });
  const instance = new (class extends Base {})();
  expect(propertyOf(instance, 'fd')).toBe(5);
  expect(propertyOf(instance, 'close')).toBe(Base.prototype.close);
  expect(propertyOf(instance, POLLUTED)).toBe(undefined);
  expect(propertyOf(Object.create(null), 'toString')).toBe(undefined);
});

test('Object.prototype of another realm is one, and nothing else is', () => {
  expect(isObjectPrototype(Object.prototype)).toBe(true);
  expect(isObjectPrototype(runInNewContext('Object.prototype'))).toBe(true);
  expect(isObjectPrototype(Object.create(null))).toBe(false);
  expect(isObjectPrototype(Kind.prototype)).toBe(false);
  expect(isObjectPrototype(Object.assign(Object.create(null), { hasOwnProperty: 1 }))).toBe(false);
});

test('properties are defined even where Object.prototype has a setter of their name', () => {
  Object.defineProperty(Object.prototype, POLLUTED, { set() {}, configurable: true });
  const entries = [[POLLUTED], ['other']] as const;
  const record = Object.assign(recordFor(entries), { [POLLUTED]: 1, other: 2 });
  expect(record).toEqual({ [POLLUTED]: 1, other: 2 });
  expect(define({}, { [POLLUTED]: 3 })).toEqual({ [POLLUTED]: 3 });
  expect(Object.getOwnPropertyDescriptor(define({}, { a: 3 }), 'a')).toEqual({
    value: 3,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  expect(recordFor([['other']])).toEqual({});
});

test('values are frozen with their parts', () => {
  const value = freeze({ list: [{ a: 1 }], none: null });
  expect([value, value.list, value.list[0]].map(Object.isFrozen)).toEqual([true, true, true]);
});

test('a part that is frozen already is not descended into', () => {
  const inner = Object.freeze({ list: [1] });
  expect(Object.isFrozen(freeze({ inner }).inner.list)).toBe(false);
});

test('a function gets the name and the number of parameters of another, which can be changed again', () => {
  const named = nameAs(() => {}, { name: 'other', length: 3 });
  expect([named.name, named.length]).toEqual(['other', 3]);
  expect(Object.getOwnPropertyDescriptor(named, 'name')).toMatchObject({ writable: false, configurable: true });
});

test('indices are the integers below a number', () => {
  expect([indices(0), indices(1), indices(3)]).toEqual([[], [0], [0, 1, 2]]);
});

test('a getter is called on the instance, not on the class that has it', () => {
  class Base {
    fd = 5;
    get double() {
      return 2 * this.fd;
    }
  }
  expect(propertyOf(new Base(), 'double')).toBe(10);
});

test('a deep copy keeps the objects of other kinds that it is told to', () => {
  const [kept, bytes] = [new Kind(), new Uint8Array(2)];
  const isKept = (value: object) => value instanceof Kind;
  const copy = (value: unknown) => copyDeeply(value, { depth: 5, values: 10 }, refuse, isKept);
  expect(copy({ a: [kept] })).toEqual({ a: [kept] });
  expect(Reflect.get(Object(copy({ kept })), 'kept')).toBe(kept);
  expect(message(() => copy({ a: [1, { bytes }] }))).toMatch(
    /^type it\.a\.1\.bytes must be a plain object or an array/,
  );
  expect(message(() => copy([[1], bytes]))).toMatch(/^type it\.1 must be /);
});

test('a copy is a plain object for the next copy, and what is not is named', () => {
  const copy = copyFields({ a: 1 }, refuse);
  expect(fieldsOf(copy)).toBe('copied {"a":1}');
  expect(notPlain(copy)).toBe(undefined);
  expect(notPlain({})).toBe(undefined);
  expect(notPlain(Object.create(null))).toBe(undefined);
  expect(notPlain([])).toBe('an array');
  expect(notPlain(new Kind())).toBe('an instance of Kind');
});

test('an array of another realm is a list, and an array whose prototype only resembles that of arrays is not', () => {
  expect(listed(runInNewContext('[1, 2]'))).toBe('copied [1,2]');
  expect(listed(Object.setPrototypeOf([1], []))).toMatch(/^type it must be an array, not a kind of array/);
  const like = Object.setPrototypeOf(Object.assign([], { toSpliced: 1 }), { other: true });
  expect(listed(Object.setPrototypeOf([1], like))).toMatch(/^type it must be an array, not a kind of array/);
});

test('an object with only some methods of Object.prototype, or with a prototype, is not one', () => {
  const methods = ['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', '__lookupGetter__'];
  const withMethods = (prototype: object | null, names: readonly string[]) =>
    Object.create(prototype, Object.fromEntries(names.map((name) => [name, { value: () => {} }])));
  expect(isObjectPrototype(withMethods(null, methods))).toBe(true);
  for (const missing of methods)
    expect(
      isObjectPrototype(
        withMethods(
          null,
          methods.filter((name) => name !== missing),
        ),
      ),
    ).toBe(false);
  expect(isObjectPrototype(withMethods({}, methods))).toBe(false);
});

test('a property that is undefined is present, and one of Object.prototype is not', () => {
  expect([has({ a: undefined }, 'a'), has({}, 'toString')]).toEqual([true, false]);
});

test('a number or a bigint is out of range, and anything else has the wrong type', () => {
  expect([1, 1n, '1', null, undefined].map(numberProblem)).toEqual(['range', 'range', 'type', 'type', 'type']);
});
