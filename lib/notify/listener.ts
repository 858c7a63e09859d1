/** The listeners of this instance of the module. They receive the addon's mail, and pass it on to their callbacks. */
import { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import {
  addon,
  CALL_WORDS,
  type ListenerHandle,
  type MailboxHandle,
  type NativeKind,
  type NativeListener,
} from '../native.js';
import { guarded } from '../util/guarded.js';
import { loadNotificationChunks } from '../util/load-chunks.js';
import { own } from '../util/own-data.js';
import { systemErrorName } from '../util/system-error.js';
import { setImmediate } from '../util/timers.js';
import { Deliveries, type DeliverySource } from './deliveries.js';

/** A call that waits for an answer: the numbers of its seccomp_notif (seccomp_unotify(2)). */
export interface PendingNotification {
  /** The ID of the notification. */
  readonly call: bigint;
  readonly tid: number;
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly arch: number;
  readonly number: number;
  readonly instructionPointer: bigint;
  readonly args: readonly bigint[];
}

export interface ListenerCallbacks {
  /** Receives the index of each new kind of calls, once and in order. Undefined if kinds are not counted. */
  readonly onKind: ((index: number) => void) | undefined;
  /** Receives each call that waits for an answer. */
  readonly onNotification: ((notification: PendingNotification, handle: ListenerHandle) => void) | undefined;
}

/** How many calls name files of which it is not known whether paths denied them, by the reason. */
export interface UnseenFiles {
  /** More kinds of calls were made than the addon keeps. */
  readonly noRoom: number;
  /** The program's memory can't be read, or its rights can't be taken. */
  readonly unreadable: number;
  /** The files can't be looked for as the kernel does. */
  readonly notFound: number;
}

/** The listener of one filter. A thread of the addon serves it. */
export class Listener implements DeliverySource {
  readonly #handle: ListenerHandle;
  readonly #callbacks: ListenerCallbacks;
  /** The number of kinds that this listener knows, and how many of them were delivered. */
  #known = 0;
  #delivered = 0;
  /** Functions to call in order, each once `after` kinds have been delivered. */
  readonly #waiting: { readonly after: number; readonly call: () => void }[] = [];
  #end: () => void = () => {};
  /** Resolves when all processes that have the filter have ended. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor({ id, handle }: NativeListener, callbacks: ListenerCallbacks) {
    this.#handle = handle;
    this.#callbacks = own(callbacks);
    listeners.set(id, this);
  }

  /**
   * Calls `next` once all kinds that have been counted so far are delivered, and after the functions of earlier calls.
   * Calls it at once if nothing is pending.
   */
  afterKinds(next: () => void): void {
    if (this.#callbacks.onKind !== undefined) this.#known = this.counts.kinds.length;
    if (this.#delivered === this.#known && this.#waiting.length === 0) next();
    else {
      this.#waiting.push({ after: this.#known, call: AsyncResource.bind(next) });
      deliveries.add(this);
      deliveries.deliver();
    }
  }

  /** Delivers the next kind, or calls the next function. */
  deliverNext(): boolean {
    const [first] = this.#waiting;
    if (first !== undefined && first.after <= this.#delivered) {
      this.#waiting.shift();
      first.call();
    } else if (this.#delivered < this.#known) this.#callbacks.onKind?.(this.#delivered++);
    return this.#delivered < this.#known || this.#waiting.length > 0;
  }

  /** The first call of a kind, or undefined if there is no kind with this index. */
  kindAt(index: number): NativeKind | undefined {
    return addon().kind(this.#handle, index);
  }

  /**
   * The number of calls of each kind so far, of `others` beyond the kinds that the addon keeps apart, and of those that name
   * files which were not seen.
   */
  get counts(): { readonly kinds: readonly number[]; readonly others: number; readonly unseen: UnseenFiles } {
    const [others = 0, noRoom = 0, unreadable = 0, notFound = 0, ...kinds] = addon().counts(this.#handle);
    return { kinds, others, unseen: { noRoom, unreadable, notFound } };
  }

  /** @internal Queues the kind with this index for its delivery, and those before it. */
  addKind(index: number): void {
    if (this.#callbacks.onKind === undefined) return;
    this.#known = Math.max(this.#known, index + 1);
    deliveries.add(this);
  }

  /** @internal Receives a call that waits for an answer. */
  onNotification(notification: PendingNotification): void {
    this.#callbacks.onNotification?.(notification, this.#handle);
  }

  /** @internal Receives the end of all processes that had the filter. */
  onClosed(): void {
    for (const [number, { handle, settle }] of connections)
      if (handle === this.#handle) settleConnection(number, ENOENT, settle);
    this.afterKinds(() => this.#end());
  }
}

const deliveries = new Deliveries();

/** The listeners that may receive mail, by their numbers. */
const listeners = new Map<number, Listener>();

/**
 * The mailbox to which the addon sends mail for the listeners of this instance of the module. A process may have several
 * instances, as under Jest. An open mailbox keeps the instance in memory, so it is closed when there are no listeners.
 */
let mailbox: MailboxHandle | undefined;

/** The mailbox for a listener that is made in this turn of the event loop. */
export function openMailbox(): MailboxHandle {
  if (mailbox !== undefined) return mailbox;
  loadNotificationChunks();
  const opened = addon().openMailbox(onMail);
  if (typeof opened === 'number') throw new Error(`uv_async_init ${systemErrorName(opened)}`);
  mailbox = opened;
  setImmediate(closeIdleMailbox); // The start that needs the mailbox may fail.
  return opened;
}

function closeIdleMailbox(): void {
  if (mailbox === undefined || listeners.size > 0) return;
  addon().closeMailbox(mailbox);
  mailbox = undefined;
}

/** Receives the result of a connection: 0 or an errno. */
type OnSettled = (errno: number) => void;

/** The connections that NotifiedCall.connect began, by their numbers. */
const connections = new Map<number, { readonly handle: ListenerHandle; readonly settle: OnSettled }>();

const { ENOENT } = constants.errno;

/** Calls `settle` once: with the result of the connection, or with ENOENT if its listener is closed before. */
export function onConnectionSettled(handle: ListenerHandle, number: number, settle: OnSettled): void {
  connections.set(number, { handle, settle });
}

function settleConnection(number: number, errno: number, settle: OnSettled): void {
  connections.delete(number);
  settle(errno);
}

/** Receives the addon's mail: see OnMail. An exception of one callback does not affect the others. */
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
    if (connection !== undefined) settleConnection(number, errno, connection.settle);
  }

  for (let i = 0; i < kinds.length; i += 2) listeners.get(kinds[i] ?? 0)?.addKind(kinds[i + 1] ?? 0);
  guarded(() => deliveries.deliver());
  for (let i = 0; i < size; i += CALL_WORDS)
    guarded(() => listeners.get(Number(words[i]))?.onNotification(notificationAt(words, i)));
  for (const id of ended) {
    guarded(() => listeners.get(id)?.onClosed());
    listeners.delete(id);
  }
  closeIdleMailbox();
}

/**
 * The notification whose words begin at `start`. Reads them by index: an iterator takes as long as the rest of an
 * answer.
 */
function notificationAt(words: BigUint64Array, start: number): PendingNotification {
  const word = (i: number) => words[start + i] ?? 0n;
  const archAndNumber = word(3);
  return {
    call: word(1),
    tid: Number(word(2)),
    arch: Number(archAndNumber >> 32n),
    number: Number(archAndNumber & 0xffff_ffffn),
    instructionPointer: word(4),
    args: [word(5), word(6), word(7), word(8), word(9), word(10)],
  };
}
