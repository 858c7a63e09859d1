/** What the options notify and notifyTimeout may be, and how a handler is called. */
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addon, type ListenerHandle } from '../../lib/native.js';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { Handler } from '../../lib/notify/handlers.js';
import { checkTimeout, dispatch, emitHandlerError, readHandlers } from '../../lib/notify/handlers.js';
import { NotifiedCall } from '../../lib/notify/notified-call.js';

const handler: Handler = (call) => call.deny('EPERM');
const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

test('handlers are read by name; one that is undefined is ignored', () => {
  expect([...readHandlers({ open: handler, close: undefined }, 'notify')]).toEqual([['open', handler]]);
  expect(readHandlers(undefined, 'notify').size).toBe(0);
});

test.each<[unknown, string, string]>([
  [null, TYPE, 'notify: must be an object with a function for each syscall name'],
  [handler, TYPE, 'notify: must be an object with a function for each syscall name'],
  [[handler], TYPE, 'notify: must be a plain object, not an array'],
  [{ opne: handler }, VALUE, 'notify: unknown syscall opne (did you mean open?)'],
  [{ toString: handler }, VALUE, 'notify: unknown syscall toString'],
  [{ open: null }, TYPE, 'notify.open: must be a function'],
  [{ open: { call: handler } }, TYPE, 'notify.open: must be a function'],
])('handlers %o are refused', (handlers, code, message) => {
  expect(() => readHandlers(handlers, 'notify')).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test('a handler may take 10 seconds by default, or up to the longest time of a timer', () => {
  expect(checkTimeout()).toBe(10_000);
  expect([0.5, 1, 2 ** 31 - 1].map(checkTimeout)).toEqual([0.5, 1, 2 ** 31 - 1]);
});

test.each<[unknown, string]>([
  [0, RANGE],
  [-1, RANGE],
  [2 ** 31, RANGE],
  [Number.NaN, RANGE],
  [Number.POSITIVE_INFINITY, RANGE],
  [5n, RANGE],
  ['5', TYPE],
  [null, TYPE],
])('a timeout of %o is refused', (timeout, code) => {
  expect(() => checkTimeout(timeout)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(/^options\.notifyTimeout: must be a number/) }),
  );
});

/** Makes a call of uname for which no listener waits. */
function unameCall(): NotifiedCall {
  const arch = 0xc000_003e;
  const waiting = { call: 1n, tid: 1, arch, number: 63, instructionPointer: 0n, args: [0n, 0n, 0n, 0n, 0n, 0n] };
  return new NotifiedCall(waiting, Object.freeze({}) as ListenerHandle, undefined);
}

const throwing = () => expect.fail('called');
const revoked = Proxy.revocable({}, {});
revoked.revoke();

test.each<[string, unknown, string]>([
  ['an error', new Error('out of order'), 'out of order'],
  ['a string', 'out of order', "'out of order'"],
  ['nothing', undefined, 'undefined'],
  ['a symbol', Symbol('order'), 'Symbol(order)'],
  ['a plain object', { code: 5, why: { order: 'none' } }, "{ code: 5, why: { order: 'none' } }"],
  ['an object without a string conversion', Object.create(null), '[Object: null prototype] {}'],
  ['an object that cannot be inspected', { [inspect.custom]: throwing }, 'a value that cannot be displayed'],
  [
    'an error whose message is a getter that throws',
    Object.defineProperty(new Error(), 'message', { get: throwing }),
    'a value that cannot be displayed',
  ],
  [
    'an error whose message has no string conversion',
    Object.assign(new Error(), { message: Object.create(null) }),
    'a value that cannot be displayed',
  ],
  [
    'a Proxy that throws',
    new Proxy({}, { get: throwing, getPrototypeOf: throwing }),
    'a value that cannot be displayed',
  ],
  ['a revoked Proxy', revoked.proxy, 'a value that cannot be displayed'],
])('a warning describes %s that a handler throws, if nobody listens for handlerError', (_, thrown, reason) => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
  emitHandlerError(new EventEmitter(), thrown, unameCall());
  expect(warn.mock.calls).toEqual([
    [`the handler of uname failed, and the call was denied: ${reason}`, 'SeccompWarning'],
  ]);
  warn.mockRestore();
});

describe('a handler', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Dispatches a call for which no listener waits. Returns the answers that the addon gets, and the errors. */
  function dispatched(answers: (call: NotifiedCall) => unknown, result = 0) {
    const answer = vi.spyOn(addon(), 'answer').mockReset().mockReturnValue(result);
    const call = unameCall();
    const errors: string[] = [];
    dispatch(call, answers as Handler, 60_000, (error) => errors.push(error instanceof Error ? error.message : 'none'));
    return { sent: () => answer.mock.calls.map(([, , errno, value]) => [errno, value]), errors };
  }

  const withThen = <Target extends object>(target: Target, then: (...parameters: never[]) => unknown): Target => {
    Reflect.set(target, 'then', then);
    return target;
  };

  test('that returns a response answers at once, even if the response has a method then', () => {
    const thenable = (call: NotifiedCall) => withThen(call.deny('EACCES'), () => expect.fail('called'));
    expect(dispatched(thenable).sent()).toEqual([[13, 0n]]);
    expect(dispatched((call) => call.return(-5)).sent()).toEqual([[0, 2n ** 64n - 5n]]);
    expect(dispatched((call) => call.continue()).sent()).toEqual([[-1, 0n]]);
  });

  test('may return a promise of another implementation', async () => {
    const other = (call: NotifiedCall) =>
      withThen({}, (resolve: (response: NotifyResponse) => void) => resolve(call.deny(7)));
    const { sent } = dispatched(other);
    expect(sent()).toEqual([]);
    await setImmediate(); // All promises are settled by then.
    expect(sent()).toEqual([[7, 0n]]);
  });

  test.each<[string, (call: NotifiedCall) => unknown, string]>([
    ['returns nothing', () => undefined, 'but got undefined'],
    ['returns an errno', () => 13, 'but got type number (13)'],
    [
      'is a generator function',
      function* () {
        yield 1;
      },
      'but got Object [Generator] {}.',
    ],
    ['returns what looks like a response', () => ({ errno: 13 }), 'but got an instance of Object'],
    [
      'throws',
      () => {
        throw new Error('mine');
      },
      'mine',
    ],
  ])('that %s denies the call with EPERM', (_, answers, message) => {
    const { sent, errors } = dispatched(answers);
    expect([sent(), errors]).toEqual([[[1, 0n]], [expect.stringContaining(message)]]);
  });

  test('whose answer the kernel refuses denies the call, unless the caller was killed', () => {
    const [ENOENT, EINVAL] = [2, 22];
    expect(dispatched((call) => call.return(0), ENOENT)).toMatchObject({ errors: [] });
    const { sent, errors } = dispatched((call) => call.return(0), EINVAL);
    expect(errors).toEqual(['uname: the answer was refused: EINVAL']);
    expect(sent()).toEqual([
      [0, 0n],
      [1, 0n],
    ]);
  });

  test('that takes too long denies the call, and its error has the code ETIMEDOUT', async () => {
    const answer = vi.spyOn(addon(), 'answer').mockReset().mockReturnValue(0);
    const error = await new Promise((resolve) => dispatch(unameCall(), () => new Promise(() => {}), 1, resolve));
    expect(error).toMatchObject({
      name: 'Error',
      code: 'ETIMEDOUT',
      errno: -110,
      message: 'uname: no answer in 1 ms: ETIMEDOUT',
    });
    expect(answer).toHaveBeenCalledOnce();
  });

  test('that has answered leaves no timer', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { sent } = dispatched(async (call) => call.deny('EPERM'));
    expect(timers()).toBe(before + 1);
    // Only promises are settled meanwhile, so no other timer starts or ends.
    for (let i = 0; i < 10 && sent().length === 0; i++) await null;
    expect([sent().length, timers()]).toEqual([1, before]);
  });
});
