/** Who is told of the calls of a supervised child, for a listener in place of the addon's. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe as subscribeTo, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as handlers from '../../../lib/notify/handlers.js';
import * as listening from '../../../lib/notify/listener.js';
import * as calls from '../../../lib/notify/notified-call.js';
import { CHANNEL } from '../../../lib/notify/violations/violation.js';
import * as logs from '../../../lib/notify/violations/violation-log.js';
import { subscribe } from '../../../lib/sandbox/child/events.js';
import type { SupervisionPlan } from '../../../lib/sandbox/plan/supervised.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const NATIVE = { id: 1, handle: {} } as never;
const VIOLATION = { syscall: 'mkdir' };

/** Subscribes to a child. The second kind of its calls is a violation. */
function subscribed(plan: Partial<SupervisionPlan>, findPathDenial?: never) {
  vi.spyOn(listening, 'Listener').mockImplementation(function (this: object) {} as never);
  vi.spyOn(logs, 'ViolationLog').mockImplementation(function (this: object) {
    Object.assign(this, { at: (index: number) => (index === 1 ? VIOLATION : undefined) });
  } as never);
  vi.spyOn(calls, 'NotifiedCall').mockImplementation(function (this: object) {
    Object.assign(this, { syscall: 'mkdir' });
  } as never);
  vi.spyOn(handlers, 'dispatch').mockImplementation(() => {});
  const child = new EventEmitter();
  const seen: unknown[] = [];
  child.on('violation', (violation) => seen.push(['event', violation]));
  const supervision = { watches: true, onViolation: undefined, handlers: new Map(), timeout: 5, ...plan };
  const subscription = subscribe(child, NATIVE, supervision as SupervisionPlan, findPathDenial);
  const [native, callbacks] = vi.mocked(listening.Listener).mock.calls.at(-1) ?? expect.fail('no listener');
  expect(native).toBe(NATIVE);
  return { child, seen, supervision, subscription, callbacks };
}

describe('a violation', () => {
  test('is passed to onViolation, and then emitted', () => {
    const { seen, callbacks } = subscribed({ onViolation: (violation) => void seen.push(['callback', violation]) });
    callbacks.onKind?.(0);
    expect(seen).toEqual([]);
    callbacks.onKind?.(1);
    expect(seen).toEqual([
      ['callback', VIOLATION],
      ['event', VIOLATION],
    ]);
  });

  test('is emitted alone with onViolation: true', () => {
    const { seen, callbacks } = subscribed({ onViolation: true });
    callbacks.onKind?.(1);
    expect(seen).toEqual([['event', VIOLATION]]);
  });

  test('is published with the child to subscribers', () => {
    const { child, callbacks } = subscribed({});
    const published: unknown[] = [];
    const listener = (message: unknown) => void published.push(message);
    subscribeTo(CHANNEL, listener);
    callbacks.onKind?.(1);
    unsubscribe(CHANNEL, listener);
    callbacks.onKind?.(1);
    expect(published).toEqual([{ process: child, violation: VIOLATION }]);
  });

  test('is found in a log of the listener, with what tells which files are denied', () => {
    const find = vi.fn() as never;
    const { subscription, supervision } = subscribed({}, find);
    expect(vi.mocked(logs.ViolationLog).mock.calls).toEqual([[subscription.listener, supervision, find]]);
    expect(subscription.log).toBe(vi.mocked(logs.ViolationLog).mock.instances[0]);
  });

  test('is none if nobody watches', () => {
    const { subscription, callbacks } = subscribed({ watches: false });
    expect([callbacks.onKind, subscription.log, vi.mocked(logs.ViolationLog).mock.calls]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });
});

describe('a call that waits', () => {
  const notification = { call: 1n } as never;
  const handle = {} as never;

  test('is answered by the handler of its name, in time, and its failure is an event', () => {
    const handler = vi.fn();
    const { child, seen, callbacks } = subscribed({ handlers: new Map([['mkdir', handler]]), timeout: 7 });
    callbacks.onNotification?.(notification, handle);
    expect(vi.mocked(calls.NotifiedCall).mock.calls).toEqual([[notification, handle, undefined]]);
    const [call, used, timeout, failed] = vi.mocked(handlers.dispatch).mock.calls[0] ?? expect.fail('not dispatched');
    expect([call.syscall, used, timeout]).toEqual(['mkdir', handler, 7]);
    child.on('handlerError', (...values) => seen.push(values));
    failed('why');
    expect(seen).toEqual([['why', call]]);
  });

  test('is passed on without a handler, to be denied', () => {
    const { callbacks } = subscribed({ handlers: new Map([['rmdir', vi.fn()]]) });
    callbacks.onNotification?.(notification, handle);
    expect(vi.mocked(handlers.dispatch).mock.calls[0]?.[1]).toBe(undefined);
  });
});

test('callbacks run in the context of the call that started the child', () => {
  const storage = new AsyncLocalStorage<string>();
  const contexts: unknown[] = [];
  const note = () => void contexts.push(storage.getStore());
  const { callbacks } = storage.run('of the start', () => subscribed({ onViolation: note }));
  vi.mocked(handlers.dispatch).mockImplementation(note);
  storage.run('another', () => {
    callbacks.onKind?.(1);
    callbacks.onNotification?.({} as never, {} as never);
  });
  expect(contexts).toEqual(['of the start', 'of the start']);
});
