/** The first frame in the stack of an error. */
import { describe, expect, test } from 'vitest';
import {
  at,
  callSite,
  fromCaller,
  lazyPublicFunction,
  publicFunction,
  publicMethods,
  withoutFrames,
} from '../../lib/util/caller.js';

/** Returns the function of a stack's first frame. */
const first = (error: unknown) =>
  /^ +at (?:async )?(?:\w+\.)?(\w+)/m.exec(error instanceof Error ? `${error.stack}` : '')?.[1];

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

/** Fails like the functions of the package: with an own error, some frames deep. */
const fails = publicFunction(function inner(): never {
  const deeper = () => {
    throw fromCaller(new Error('bad'));
  };
  return deeper();
});

describe('the stack of an error begins at the caller of', () => {
  test('the public function', () => {
    function caller() {
      return fails();
    }
    expect(first(caught(caller))).toBe('caller');
  });

  test('the innermost public function, if a callback calls one', () => {
    const calls = publicFunction((callback: () => unknown) => callback());
    function callback() {
      return fails();
    }
    expect(first(caught(() => calls(callback)))).toBe('callback');
    function after() {
      return fails();
    }
    expect(first(caught(after))).toBe('after');
  });

  test('a method', () => {
    class Counter {
      refuse(): never {
        throw fromCaller(new Error('bad'));
      }
    }
    publicMethods(Counter.prototype, 'refuse');
    function caller() {
      return new Counter().refuse();
    }
    expect(first(caught(caller))).toBe('caller');
    expect(Object.keys(Counter.prototype)).toEqual([]);
  });

  test('a function whose promise rejects later', async () => {
    class LateError extends Error {
      readonly code = 'LATE';
    }
    const later = publicFunction(async () => {
      await null;
      throw fromCaller(new LateError('bad', { cause: 1 }));
    });
    function caller() {
      return later();
    }
    const error: unknown = await caller().catch((reason: unknown) => reason);
    expect(first(error)).toBe('caller');
    expect(error).toBeInstanceOf(LateError);
    expect(error).toMatchObject({ message: 'bad', code: 'LATE', cause: 1 });
    expect(String(error instanceof Error && error.stack)).toMatch(/^Error: bad\n/);
  });
});

test('errors that callbacks throw or reject with are passed on as they are', async () => {
  const mine = new Error('mine');
  const { stack } = mine;
  const throws = publicFunction((action: () => unknown) => action());
  const rejects = publicFunction(async (action: () => unknown) => action());
  const refuse = () => {
    throw mine;
  };
  expect(caught(() => throws(refuse))).toBe(mine);
  expect(await rejects(refuse).catch((reason: unknown) => reason)).toBe(mine);
  expect(mine.stack).toBe(stack);
});

test('an error with a caller is not moved to another site', () => {
  function caller() {
    return fails();
  }
  const error = caught(caller);
  expect(at(callSite(), error)).toBe(error);
});

test('a public function has the name and the properties of its implementation', () => {
  const named = publicFunction(Object.assign(function named(_: number) {}, { extra: 1 }));
  expect([named.name, named.length, named.extra]).toEqual(['named', 1, 1]);
});

test('a lazy public function loads its implementation at its first call', () => {
  let loads = 0;
  const lazy = lazyPublicFunction('lazy', () => {
    loads++;
    return (): never => {
      throw fromCaller(new Error('bad'));
    };
  });
  expect([lazy.name, loads]).toEqual(['lazy', 0]);
  function caller() {
    return lazy();
  }
  expect([first(caught(caller)), loads]).toEqual(['caller', 1]);
});

test('a cause keeps its message without frames, unless it is frozen', () => {
  const cause = new TypeError('bad');
  withoutFrames(cause);
  expect(cause.stack).toBe('TypeError: bad');
  expect(() => withoutFrames(Object.freeze(new Error('bad')))).not.toThrow();
});
