/** Listeners of this instance of the module: what their filters' calls tell, and who is asked about them. */

import { getSystemErrorName } from 'node:util';
import {
  addon,
  CALL_WORDS,
  type InboxHandle,
  type ListenerHandle,
  type NativeKind,
  type NativeListener,
} from '../native.js';
import { guarded } from '../util/guarded.js';
import { asyncHooks } from '../util/lazy-node.js';
import { own } from '../util/own-data.js';
import { Deliveries, type Sender } from './deliveries.js';

/** A call that waits for an answer. */
export interface PendingNotification {
  readonly call: bigint;
  readonly tid: number;
  readonly arch: number;
  readonly number: number;
  readonly instructionPointer: bigint;
  readonly args: readonly bigint[];
}

export interface ListenerCallbacks {
  /** There is a new kind of calls, with this index; each once, in order. */
  readonly kind: ((index: number) => void) | undefined;
  /** A call waits for an answer. */
  readonly call: ((waiting: PendingNotification, handle: ListenerHandle) => void) | undefined;
}

/** One filter's listener, which the supervisor's thread serves. */
export class Listener implements Sender {
  readonly #handle: ListenerHandle;
  readonly #heard: ListenerCallbacks;
  /** The number of kinds, as far as it is known here, and how many of them were delivered. */
  #known = 0;
  #delivered = 0;
  /** Functions to call, in order, and how many kinds are to be delivered before each. */
  readonly #next: { readonly after: number; readonly call: () => void }[] = [];
  #end: () => void = () => {};
  /** Settles when all that have the filter are gone. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor({ id, handle }: NativeListener, heard: ListenerCallbacks) {
    this.#handle = handle;
    this.#heard = own(heard);
    listeners.set(id, this);
  }

  /**
   * Calls `next` when all kinds that there are by now have been delivered, and after every function that was given before: at once,
   * if that is so already.
   */
  afterKinds(next: () => void): void {
    if (this.#heard.kind !== undefined) this.#known = addon().counts(this.#handle).length - 1;
    if (this.#delivered === this.#known && this.#next.length === 0) next();
    else {
      this.#next.push({ after: this.#known, call: asyncHooks().AsyncResource.bind(next) });
      deliveries.add(this);
      deliveries.deliver();
    }
  }

  /** Delivers the next kind, or calls the function whose turn it is. */
  deliverNext(): boolean {
    const [first] = this.#next;
    if (first !== undefined && first.after <= this.#delivered) {
      this.#next.shift();
      first.call();
    } else if (this.#delivered < this.#known) this.#heard.kind?.(this.#delivered++);
    return this.#delivered < this.#known || this.#next.length > 0;
  }

  kindAt(index: number): NativeKind | undefined {
    return addon().kind(this.#handle, index);
  }

  /** How many calls there were of each kind by now, and of kinds that there was no room for. */
  get counts(): { readonly kinds: readonly number[]; readonly others: number } {
    const [others = 0, ...kinds] = addon().counts(this.#handle);
    return { kinds, others };
  }

  /** @internal Notes that there is a kind with this index, and with each one before it. Does not deliver it. */
  addKind(index: number): void {
    if (this.#heard.kind === undefined) return;
    this.#known = Math.max(this.#known, index + 1);
    deliveries.add(this);
  }

  /** @internal */
  onNotification(waiting: PendingNotification): void {
    this.#heard.call?.(waiting, this.#handle);
  }

  /** @internal */
  onClosed(): void {
    for (const [number, { handle, done }] of connections) if (handle === this.#handle) settle(number, ENOENT, done);
    this.afterKinds(() => this.#end());
  }
}

const deliveries = new Deliveries();

/** Those that may still hear something. */
const listeners = new Map<number, Listener>();

/**
 * Where the addon tells of the listeners of this instance of the module; a process may have several, as under Jest. It is open as long
 * as there are listeners, since an open one keeps this instance in memory.
 */
let inbox: InboxHandle | undefined;

// That of the platform, not what a test puts in its place later.
const { setImmediate } = globalThis;

/** The inbox for a listener that is made now, in this turn of the event loop. */
export function openInbox(): InboxHandle {
  if (inbox !== undefined) return inbox;
  const opened = addon().openInbox(onMail);
  if (typeof opened === 'number') throw new Error(`uv_async_init ${getSystemErrorName(opened)}`);
  inbox = opened;
  setImmediate(closeIdleInbox); // The start for which it was opened may fail.
  return opened;
}

function closeIdleInbox(): void {
  if (inbox === undefined || listeners.size > 0) return;
  addon().closeInbox(inbox);
  inbox = undefined;
}

/** Connections that were begun for callers, by their numbers. */
const connections = new Map<number, { readonly handle: ListenerHandle; readonly done: (errno: number) => void }>();

const ENOENT = 2;

/** Calls `done` when a connection that was begun for a caller of this listener has become something: with 0 or an errno. */
export function onConnectionSettled(handle: ListenerHandle, number: number, done: (errno: number) => void): void {
  connections.set(number, { handle, done });
}

function settle(number: number, errno: number, done: (errno: number) => void): void {
  connections.delete(number);
  done(errno);
}

function onMail(
  kinds: readonly number[],
  words: BigUint64Array,
  size: number,
  ended: readonly number[],
  connected: readonly number[],
): void {
  for (let i = 0; i < connected.length; i += 2) {
    const [number = 0, errno = 0] = connected.slice(i, i + 2);
    const connection = connections.get(number);
    if (connection !== undefined) settle(number, errno, connection.done);
  }

  for (let i = 0; i < kinds.length; i += 2) listeners.get(kinds[i] ?? 0)?.addKind(kinds[i + 1] ?? 0);
  guarded(() => deliveries.deliver());
  for (let i = 0; i < size; i += CALL_WORDS)
    guarded(() => listeners.get(Number(words[i]))?.onNotification(waiting(words, i)));
  for (const id of ended) {
    guarded(() => listeners.get(id)?.onClosed());
    listeners.delete(id);
  }
  closeIdleInbox();
}

/** The call whose words begin at `at`. By index: an iterator takes as long as the rest of an answer. */
function waiting(words: BigUint64Array, at: number): PendingNotification {
  const word = (i: number) => words[at + i] ?? 0n;
  const what = word(3);
  return {
    call: word(1),
    tid: Number(word(2)),
    arch: Number(what >> 32n),
    number: Number(what & 0xffff_ffffn),
    instructionPointer: word(4),
    args: [word(5), word(6), word(7), word(8), word(9), word(10)],
  };
}
