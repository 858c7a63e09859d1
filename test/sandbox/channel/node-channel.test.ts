/** The channel of a process that Node has started, on another object: its messages, its events, and its end. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { forwardedChannel } from '../../../lib/sandbox/channel/node-channel.js';

/** A process of Node's, the object that gets its channel, and what that emits. */
function forwarded(source: object = {}) {
  const launcher = Object.assign(new EventEmitter(), { connected: true, channel: { fd: 3 } }, source);
  const child = new EventEmitter() as EventEmitter & Partial<ChildProcess>;
  const onEnd = vi.fn();
  forwardedChannel(launcher as unknown as ChildProcess).connect(child as ChildProcess, onEnd);
  const seen: unknown[] = [];
  return { launcher, child, onEnd, seen };
}

describe('messages', () => {
  test('are emitted at once, with their handles, if there is a listener', () => {
    const { launcher, child, seen } = forwarded();
    child.on('message', (...values) => seen.push(values));
    launcher.emit('message', 'one', undefined);
    launcher.emit('message', 'two', 'a socket');
    expect(seen).toEqual([
      ['one', undefined],
      ['two', 'a socket'],
    ]);
  });

  test('wait for the first listener, and keep their order', async () => {
    const { launcher, child, seen } = forwarded();
    launcher.emit('message', 1, 'a socket');
    launcher.emit('message', 2, undefined);
    child.on('exit', () => {});
    await turn();
    child.on('message', (...values) => seen.push(values));
    expect(seen).toEqual([]);
    await turn();
    launcher.emit('message', 3, undefined);
    expect(seen).toEqual([
      [1, 'a socket'],
      [2, undefined],
      [3, undefined],
    ]);
    child.on('message', () => {});
    await turn();
    expect(seen).toHaveLength(3);
  });

  test('wait on if their first listener is gone before they come', async () => {
    const { launcher, child, seen } = forwarded();
    launcher.emit('message', 1, undefined);
    const listener = () => expect.fail('is removed');
    child.on('message', listener).off('message', listener);
    await turn();
    child.once('message', (value) => seen.push(value));
    await turn();
    expect(seen).toEqual([1]);
  });
});

describe('the child', () => {
  test('has send, disconnect, connected and channel of the process', () => {
    const source = { send: vi.fn(() => true), disconnect: vi.fn() };
    const { launcher, child } = forwarded(source);
    expect(child.send?.('text', 'a handle' as never, {}, () => {})).toBe(true);
    expect(source.send.mock.calls).toEqual([['text', 'a handle', {}, expect.any(Function)]]);
    child.disconnect?.();
    expect(source.disconnect.mock.calls).toEqual([[]]);
    expect([child.connected, child.channel]).toEqual([true, { fd: 3 }]);
    Object.assign(launcher, { connected: false, channel: undefined });
    expect([child.connected, child.channel]).toEqual([false, undefined]);
    expect(Object.keys(child)).toEqual(expect.arrayContaining(['send', 'disconnect', 'connected', 'channel']));
  });

  test.each(['send', 'disconnect'] as const)('throws what %s throws', (name) => {
    const failing = () => {
      throw new TypeError('refused');
    };
    const { child } = forwarded({ [name]: failing });
    expect(() => child[name]?.('text')).toThrow(new TypeError('refused'));
  });

  test('emits the errors of the process', () => {
    const { launcher, child, seen } = forwarded();
    child.on('error', (error) => seen.push(error));
    launcher.emit('error', 'failed');
    launcher.emit('error', 'again');
    expect(seen).toEqual(['failed', 'again']);
  });
});

describe('the end', () => {
  test.each([[['disconnect', 'exit']], [['exit', 'disconnect']]])('comes once, after %j', ([first, second]) => {
    const { launcher, child, onEnd, seen } = forwarded();
    child.on('disconnect', () => seen.push(`disconnect, ended: ${onEnd.mock.calls.length}`));
    launcher.emit(String(first));
    launcher.emit(String(first));
    expect(onEnd).not.toHaveBeenCalled();
    launcher.emit(String(second));
    launcher.emit(String(second));
    expect(onEnd).toHaveBeenCalledOnce();
    expect(seen).toEqual(['disconnect, ended: 0']);
  });

  test('comes also if a listener of disconnect throws, whose error is uncaught', async () => {
    const { launcher, child, onEnd, seen } = forwarded();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').once('uncaughtException', (error) => seen.push(error.message));
    try {
      child.on('disconnect', () => {
        throw new Error('of the listener');
      });
      launcher.emit('exit');
      launcher.emit('disconnect');
      await turn();
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect([onEnd.mock.calls.length, seen]).toEqual([1, ['of the listener']]);
  });
});
