/** What listeners make of the addon's mail, which the test sends: kinds, calls, connections and ends. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addon, type ListenerHandle, type MailboxHandle, type OnMail } from '../../lib/native.js';
import type * as listeners from '../../lib/notify/listener.js';

type PendingNotification = listeners.PendingNotification;

// Of its own: another file may have left a mailbox open.
const instance = '../../lib/notify/listener.js?test';
const { Listener, onConnectionSettled, openMailbox }: typeof listeners = await import(instance);

const ENOENT = 2;
let send: OnMail = () => expect.fail('no mailbox is open');
let open: number[] = [];
let last = 0;

beforeEach(() => {
  countsAre(0, 0, 0, 0);
  vi.spyOn(addon(), 'closeMailbox').mockReturnValue();
  vi.spyOn(addon(), 'openMailbox').mockImplementation((onMail) => {
    send = onMail;
    return Object.freeze({}) as MailboxHandle;
  });
});
afterEach(() => {
  end(...open);
  vi.restoreAllMocks();
});

const none = new BigUint64Array();
const kinds = (...pairs: readonly number[]) => send(pairs, none, 0, [], []);
const connected = (...pairs: readonly number[]) => send([], none, 0, [], pairs);
function end(...ids: readonly number[]): void {
  open = open.filter((id) => !ids.includes(id));
  send([], none, 0, ids, []);
}

/** A listener, and what its callbacks get. */
function listening(hasKinds = true) {
  openMailbox();
  const id = ++last;
  open.push(id);
  const handle = Object.freeze({}) as ListenerHandle;
  const delivered: unknown[] = [];
  const calls: (readonly [PendingNotification, ListenerHandle])[] = [];
  const onKind = hasKinds ? (index: number) => void delivered.push(index) : undefined;
  const listener = new Listener({ id, handle }, { onKind, onNotification: (...each) => void calls.push(each) });
  let isEnded = false;
  listener.ended.then(() => {
    isEnded = true;
  });
  return { id, handle, listener, delivered, calls, isEnded: () => isEnded };
}

const countsAre = (...counts: readonly number[]) => vi.spyOn(addon(), 'counts').mockReturnValue([...counts]);

test('each connection of a mail gets its result, once', () => {
  const { handle } = listening();
  const results: (readonly [number, number])[] = [];
  for (const number of [1, 2, 3]) onConnectionSettled(handle, number, (errno) => results.push([number, errno]));
  connected(2, 111, 9, 5, 1, 0);
  connected(2, 0, 1, 110);
  expect(results).toEqual([
    [2, 111],
    [1, 0],
  ]);
  connected(3, 113);
  expect(results.slice(2)).toEqual([[3, 113]]);
});

test('a connection fails with ENOENT when its own listener ends', () => {
  const [one, other] = [listening(), listening()];
  countsAre(0, 0, 0, 0);
  const results: string[] = [];
  onConnectionSettled(one.handle, 1, (errno) => results.push(`one ${errno}`));
  onConnectionSettled(other.handle, 2, (errno) => results.push(`other ${errno}`));
  end(one.id);
  expect(results).toEqual([`one ${ENOENT}`]);
  connected(1, 0, 2, 0);
  expect(results).toEqual([`one ${ENOENT}`, 'other 0']);
});

test('a call is given to its listener with all its numbers, and words beyond the size are of earlier mail', () => {
  const [one, other] = [listening(), listening(false)];
  const words = (id: number, first: bigint) => [BigInt(id), ...Array.from({ length: 10 }, (_, i) => first + BigInt(i))];
  const archAndNumber = (0xc000_003en << 32n) | 0xffff_ff53n;
  const mail = BigUint64Array.from([...words(other.id, 100n), ...words(one.id, 200n), ...words(one.id, 300n)]);
  mail[3] = archAndNumber;
  send([], mail, 22, [], []);
  const args = (first: bigint) => [0n, 1n, 2n, 3n, 4n, 5n].map((each) => first + each);
  expect(other.calls).toEqual([
    [
      {
        ...{ call: 100n, tid: 101, arch: 0xc000_003e, number: 0xffff_ff53 },
        ...{ instructionPointer: 103n, args: args(104n) },
      },
      other.handle,
    ],
  ]);
  expect(one.calls.map(([{ call, args: given }, handle]) => [call, given, handle])).toEqual([
    [200n, args(204n), one.handle],
  ]);
});

test('kinds are delivered once and in order, with those before them', async () => {
  const [one, other] = [listening(), listening()];
  kinds(one.id, 1, other.id, 0, one.id, 0, 1234, 7);
  await setImmediate();
  kinds(one.id, 2);
  await setImmediate();
  expect([one.delivered, other.delivered]).toEqual([[0, 1, 2], [0]]);
});

test('a listener that counts no kinds is not asked for them', async () => {
  const counts = countsAre(0, 0, 0, 0, 5);
  const { id, listener, isEnded } = listening(false);
  kinds(id, 0);
  const done: string[] = [];
  listener.afterKinds(() => done.push('done'));
  expect(done).toEqual(['done']);
  end(id);
  await setImmediate();
  expect([isEnded(), counts.mock.calls]).toEqual([true, []]);
});

test('a function waits for the kinds that are counted so far, and for those before it', async () => {
  const { listener, delivered } = listening();
  countsAre(0, 0, 0, 0);
  listener.afterKinds(() => delivered.push('at once'));
  expect(delivered).toEqual(['at once']);
  countsAre(0, 0, 0, 0, 1, 4);
  listener.afterKinds(() => delivered.push('first'));
  countsAre(9, 8, 0, 0, 1, 4, 1);
  listener.afterKinds(() => delivered.push('second'));
  await setImmediate();
  await setImmediate();
  expect(delivered).toEqual(['at once', 0, 1, 'first', 2, 'second']);
});

test('a listener ends after its last kinds', async () => {
  const { id, delivered, isEnded } = listening();
  countsAre(0, 0, 0, 0, 1, 1);
  end(id);
  await setImmediate();
  await setImmediate();
  expect([delivered, isEnded()]).toEqual([[0, 1], true]);
});

test('counts are those of each kind, of calls beyond them, and of calls with files that were not seen', () => {
  const { listener, handle } = listening();
  const counts = countsAre(3, 2, 8, 9, 7, 5);
  const unseen = { noRoom: 2, unreadable: 8, notFound: 9 };
  expect(listener.counts).toEqual({ kinds: [7, 5], others: 3, unseen });
  expect(counts).toHaveBeenCalledWith(handle);
  const kind = vi.spyOn(addon(), 'kind').mockReturnValue(undefined);
  expect(listener.kindAt(1)).toBe(undefined);
  expect(kind).toHaveBeenCalledWith(handle, 1);
});

test('a mailbox stays open while there are listeners, and is closed with the last', async () => {
  const [one, other] = [listening(), listening()];
  const { openMailbox: opening, closeMailbox: closing } = addon();
  await setImmediate();
  end(one.id);
  expect([vi.mocked(opening).mock.calls.length, vi.mocked(closing).mock.calls]).toEqual([1, []]);
  end(other.id);
  expect(vi.mocked(closing).mock.calls).toEqual([[vi.mocked(opening).mock.results[0]?.value]]);
  openMailbox();
  expect(opening).toHaveBeenCalledTimes(2);
  await setImmediate(); // No listener was made.
  expect(closing).toHaveBeenCalledTimes(2);
});

test('a mailbox that can’t be opened is an error', async () => {
  await setImmediate();
  vi.spyOn(addon(), 'openMailbox').mockReturnValue(-24);
  expect(() => openMailbox()).toThrow('uv_async_init EMFILE');
});
