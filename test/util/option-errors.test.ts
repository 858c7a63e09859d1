/** Errors for arguments and options: their classes, codes and texts are those of Node. */
import { describe, expect, test } from 'vitest';
import { namedSystemError } from '../../lib/notify/call-errors.js';
import { limited, limitToOne, refuseMore } from '../../lib/util/argument-count.js';
import { withoutFrames } from '../../lib/util/caller.js';
import { argumentError, nodeError } from '../../lib/util/node-error.js';
import {
  describe as describeValue,
  invalidInt32,
  invalidMaxBuffer,
  invalidNumber,
  invalidReturnValue,
  invalidThis,
  invalidTimeout,
  invalidType,
  invalidValue,
  outOfRange,
  refusal,
  unknownOption,
} from '../../lib/util/option-errors.js';
import { systemError, systemErrorName } from '../../lib/util/system-error.js';

/** The text of what an action throws, with class and code; undefined if it throws nothing. */
function thrown(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** The error that Node makes itself for a wrong argument. */
function errorOfNode(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('a value in a message', () => {
  class Shape {}
  test.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [function named() {}, 'function named'],
    [() => {}, 'function '],
    [true, 'type boolean (true)'],
    ['text', "type string ('text')"],
    [5n, 'type bigint (5n)'],
    ['x'.repeat(26), `type string ('${'x'.repeat(26)}')`],
    ['x'.repeat(27), `type string ('${'x'.repeat(24)}...)`],
    [new Shape(), 'an instance of Shape'],
    [[1], 'an instance of Array'],
    [Object.create(null), '[Object: null prototype] {}'],
    [Object.assign(Object.create(null), { a: { b: 1 } }), '[Object: null prototype]'],
    [new (class {})(), '{}'],
  ])('%o is %s', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });

  test.each<[unknown]>([[5], ['x'.repeat(27)], [new Shape()], [{}], [[]], [null], [undefined], [() => {}], [false]])(
    '%o is what Node calls it',
    (value) => {
      const error = errorOfNode(() => Reflect.apply(Buffer.byteLength, Buffer, [value]));
      const isValid = typeof value === 'string';
      const received = error instanceof Error ? error.message.replace(/^.*Received /s, '') : undefined;
      expect(received).toBe(isValid ? undefined : describeValue(value));
    },
  );
});

test('an error has the code that Node gives it, and only the code is enumerable', () => {
  const error = nodeError(RangeError, 'ERR_X', 'too large');
  expect([error.name, error.message, error.code, Object.keys(error)]).toEqual([
    ...['RangeError', 'too large', 'ERR_X', ['code']],
  ]);
  expect(String(error)).toBe('RangeError [ERR_X]: too large');
  expect(error.stack).toMatch(/^RangeError \[ERR_X\]: too large\n {4}at /);
});

test('its stack begins at the caller of what makes it, and can be replaced', () => {
  function caller() {
    return nodeError(TypeError, 'ERR_X', 'bad');
  }
  const error = caller();
  expect(error.stack).toMatch(/^TypeError \[ERR_X\]: bad\n {4}at caller /);
  error.stack = 'other';
  expect(error.stack).toBe('other');
  const cause = caller();
  withoutFrames(cause);
  expect(cause.stack).toBe('TypeError [ERR_X]: bad');
});

test.each([
  ['type', 'TypeError [ERR_INVALID_ARG_TYPE]: m'],
  ['value', 'TypeError [ERR_INVALID_ARG_VALUE]: m'],
  ['range', 'RangeError [ERR_OUT_OF_RANGE]: m'],
] as const)('a wrong %s of an argument is a %s', (kind, text) => {
  expect(String(argumentError(kind, 'm'))).toBe(text);
});

test('an argument and a property are named as what they are', () => {
  expect(String(invalidType('cwd', 'of type string', 5))).toBe(
    'TypeError [ERR_INVALID_ARG_TYPE]: The "cwd" argument must be of type string. Received type number (5)',
  );
  expect(invalidType('options.cwd', 'of type string', 5).message).toMatch(/^The "options\.cwd" property must be /);
  expect(String(invalidValue('args', ['\0'], 'must be without null bytes'))).toBe(
    "TypeError [ERR_INVALID_ARG_VALUE]: The argument 'args' must be without null bytes. Received [ '\\x00' ]",
  );
  expect(invalidValue('options.x', 1, 'is wrong').message).toBe("The property 'options.x' is wrong. Received 1");
  expect(String(outOfRange('x', '> 0', -1))).toBe(
    'RangeError [ERR_OUT_OF_RANGE]: The value of "x" is out of range. It must be > 0. Received -1',
  );
  expect(String(invalidThis('Filter'))).toBe('TypeError [ERR_INVALID_THIS]: Value of "this" must be of type Filter');
  expect(String(invalidReturnValue('callback', 'a string', 'null'))).toBe(
    'TypeError [ERR_INVALID_RETURN_VALUE]: Expected a string to be returned from callback but got null.',
  );
});

test('a value that is not valid is shown up to 128 characters', () => {
  const received = (value: string) => invalidValue('x', value, 'is wrong').message.replace(/^.*Received /, '');
  expect(received('y'.repeat(126))).toBe(`'${'y'.repeat(126)}'`);
  expect(received('y'.repeat(127))).toBe(`'${'y'.repeat(127)}...`);
});

test('a number is refused for its type, its kind or its range', () => {
  const message = (value: unknown) => String(invalidNumber('n', value, 'an integer', '>= 0'));
  expect(message('1')).toMatch(/^TypeError \[ERR_INVALID_ARG_TYPE\]: .* must be of type number\. Received type string/);
  expect(message(1.5)).toMatch(/^RangeError .* It must be an integer\. Received 1\.5$/);
  expect(message(-1)).toMatch(/^RangeError .* It must be >= 0\. Received -1$/);
});

test('numbers that Node checks are refused as this Node does', () => {
  const isNewer = Number.parseInt(process.versions.node, 10) >= 26;
  const texts = [
    ...[invalidInt32('uid', 1.5), invalidInt32('uid', 2 ** 31), invalidInt32('uid', 'x')],
    ...[invalidTimeout(-1), invalidTimeout('x'), invalidMaxBuffer('maxBuffer', -1), invalidMaxBuffer('maxBuffer', 'x')],
  ].map((error) => String(error).replace(/^(\w+) .*(must be .*)\. Received.*/, '$1 $2'));
  expect(texts).toEqual(
    isNewer
      ? [
          ...['RangeError must be an integer', 'RangeError must be >= -2147483648 && <= 2147483647'],
          ...['TypeError must be of type number', `RangeError must be >= 0 && <= ${Number.MAX_SAFE_INTEGER}`],
          ...['TypeError must be of type number', 'RangeError must be >= 0', 'TypeError must be of type number'],
        ]
      : [
          ...['TypeError must be int32', 'TypeError must be int32', 'TypeError must be int32'],
          ...['RangeError must be an unsigned integer', 'RangeError must be an unsigned integer'],
          ...['RangeError must be a positive number', 'RangeError must be a positive number'],
        ],
  );
});

test('the first unknown option that is not undefined is named, with the one that was meant', () => {
  const known = ['cwd', 'timeout'];
  expect(unknownOption({ cwd: '/', timeout: undefined }, known)).toBe(undefined);
  expect(unknownOption({ other: undefined }, known)).toBe(undefined);
  expect(unknownOption({ cwd: '/', tiemout: 1, xyz: 1 }, known)).toBe(
    'options.tiemout: unknown option (did you mean timeout?)',
  );
  expect(unknownOption({ xyz: 1 }, known)).toBe('options.xyz: unknown option');
});

test('a part of an argument is named by its path', () => {
  const refuse = refusal('options');
  expect(thrown(() => refuse(['stdio', 3, 'fd'], 'is wrong'))).toBe(
    'TypeError [ERR_INVALID_ARG_VALUE]: The "options.stdio[3].fd" property is wrong',
  );
  expect(thrown(() => refusal('args')([1], 'is wrong', 'range'))).toBe(
    'RangeError [ERR_OUT_OF_RANGE]: The "args[1]" argument is wrong',
  );
  expect(thrown(() => refuse([], 'is wrong', 'type'))).toBe(
    'TypeError [ERR_INVALID_ARG_TYPE]: The "options" argument is wrong',
  );
});

describe('an argument beyond the last parameter', () => {
  test('is refused, unless it is undefined', () => {
    expect(thrown(() => refuseMore('f', 1, [1]))).toBe(undefined);
    expect(thrown(() => refuseMore('f', 1, [1, undefined, undefined]))).toBe(undefined);
    expect(thrown(() => refuseMore('f', 1, [1, 'x']))).toBe(
      "TypeError [ERR_INVALID_ARG_VALUE]: f() takes one argument, and argument 2 would be ignored: leave it out. Received type string ('x')",
    );
    expect(thrown(() => refuseMore('f', 2, [1, 2, undefined, 4], 'use g'))).toBe(
      'TypeError [ERR_INVALID_ARG_VALUE]: f() takes 2 arguments, and argument 4 would be ignored: use g. Received type number (4)',
    );
    expect(thrown(() => refuseMore('f', 0, [1]))).toMatch(/takes 0 arguments, and argument 1 would be ignored/);
  });

  test('is refused by a limited function, which else is the same', () => {
    const target = {
      factor: 10,
      times(this: { factor: number }, n: number, more = 0) {
        return this.factor * n + more;
      },
    };
    const times = limited('times', 2, target.times, 'use another');
    expect([times.name, times.length, Reflect.apply(times, target, [2, 3])]).toEqual(['times', 1, 23]);
    expect(thrown(() => Reflect.apply(times, target, [1, 2, 3]))).toMatch(/argument 3 would be ignored: use another\./);
    expect(limited('given', 1, (_: number) => 0).name).toBe('given');
    expect(limited('given', 1, function own() {}).name).toBe('own');

    limitToOne(target, { times: 'give it once' });
    expect(target.times(2)).toBe(20);
    expect(thrown(() => target.times(1, 2))).toMatch(/^\w+ \S+ times\(\) takes one argument, .*: give it once\./);
  });
});

test('errors of the system have the errno, negative, and its name', () => {
  expect([systemErrorName(2), systemErrorName(-2)]).toEqual(['ENOENT', 'ENOENT']);
  const failed = systemError(13, 'spawn', undefined, ' (denied)');
  expect([failed.message, failed.errno, failed.code, failed.syscall]).toEqual([
    ...['spawn EACCES (denied)', -13, 'EACCES', 'spawn'],
  ]);
  const named = namedSystemError(14, 'openat: argument 1');
  expect([named.message, named.errno, named.code]).toEqual(['openat: argument 1: EFAULT', -14, 'EFAULT']);
  expect(systemError(2, 'open').message).toBe('open ENOENT');
});
