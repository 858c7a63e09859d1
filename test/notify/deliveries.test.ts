/** The slices in which kinds of calls are delivered, with a clock and an event loop of the test. */
import { beforeEach, expect, test, vi } from 'vitest';
import * as timers from '../../lib/util/timers.js';

let now = 0;
let turns: (() => void)[] = [];

vi.stubGlobal('performance', { now: () => now });
const instance = '../../lib/notify/deliveries.js?test'; // Of its own: it reads these globals when it is loaded.
const { Deliveries }: typeof import('../../lib/notify/deliveries.js') = await import(instance);
vi.unstubAllGlobals();
vi.spyOn(timers, 'setImmediate').mockImplementation(((callback: () => void) => turns.push(callback)) as never);

beforeEach(() => {
  now = 0;
  turns = [];
});

/** Deliveries, and what was delivered so far. A source has items, each of which takes some milliseconds. */
function deliveries() {
  const queue = new Deliveries();
  const delivered: string[] = [];
  const source = (name: string, count: number, milliseconds: number) => {
    let left = count;
    return {
      deliverNext: () => {
        delivered.push(`${name}${count - left}`);
        now += milliseconds;
        left--;
        return left > 0;
      },
    };
  };
  return { queue, delivered, source };
}

/** The next turn of the event loop. */
const nextTurn = () => turns.splice(0).forEach((callback) => void callback());

test('a slice ends with the item during which 5 ms run out, and the next turn delivers the rest', () => {
  const { queue, delivered, source } = deliveries();
  queue.add(source('a', 4, 2));
  queue.add(source('b', 1, 2));
  queue.deliver();
  expect(delivered).toEqual(['a0', 'a1', 'a2']);
  nextTurn();
  expect(delivered).toEqual(['a0', 'a1', 'a2', 'a3', 'b0']);
  nextTurn();
  expect([delivered.length, turns.length]).toEqual([5, 0]);
});

test('one slice is delivered in a turn, however often it is asked for', () => {
  const { queue, delivered, source } = deliveries();
  queue.add(source('a', 3, 5));
  queue.deliver();
  queue.deliver();
  expect([delivered, turns.length]).toEqual([['a0'], 1]);
  nextTurn();
  queue.deliver();
  expect(delivered).toEqual(['a0', 'a1']);
});

test('a source that is added again keeps its place, and nothing is scheduled without a source', () => {
  const { queue, delivered, source } = deliveries();
  queue.deliver();
  expect(turns).toEqual([]);
  const [a, b] = [source('a', 2, 3), source('b', 1, 3)];
  for (const each of [a, b, a]) queue.add(each);
  queue.deliver();
  nextTurn();
  expect(delivered).toEqual(['a0', 'a1', 'b0']);
});

test('the rest is delivered after an exception', () => {
  const { queue, delivered, source } = deliveries();
  let isFirst = true;
  queue.add({
    deliverNext: () => {
      if (!isFirst) return false;
      isFirst = false;
      throw new Error('mine');
    },
  });
  queue.add(source('b', 1, 1));
  expect(() => queue.deliver()).toThrow('mine');
  nextTurn();
  expect(delivered).toEqual(['b0']);
});
