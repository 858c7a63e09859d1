/** Listeners of this thread of JavaScript: what their filters' calls tell, and who is asked about them. */

import { getSystemErrorName } from 'node:util';
import { addon, CALL_WORDS, type ListenerHandle, type NativeKind, type NativeListener } from '../native.js';
import { own } from '../util/own-data.js';

/** A call that waits for an answer. */
export interface Waiting {
  readonly call: bigint;
  readonly tid: number;
  readonly arch: number;
  readonly number: number;
  readonly instructionPointer: bigint;
  readonly args: readonly bigint[];
}

export interface Heard {
  /** The first call of a kind; each once, in order. */
  kind?(kind: NativeKind, index: number): void;
  call?(waiting: Waiting, handle: ListenerHandle): void;
}

/** One filter's listener, which the supervisor's thread serves. */
export class Listener {
  readonly #handle: ListenerHandle;
  readonly #heard: Heard;
  #told = 0;
  #end: () => void = () => {};
  /** Settles when all that have the filter are gone. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor({ id, handle }: NativeListener, heard: Heard) {
    this.#handle = handle;
    this.#heard = own(heard);
    listeners.set(id, this);
  }

  /** Tells at once of all kinds that there are by now. */
  flush(): void {
    if (this.#heard.kind === undefined) return;
    for (const end = addon().counts(this.#handle).length - 1; this.#told < end; ) {
      const index = this.#told++;
      const kind = this.kindAt(index);
      if (kind !== undefined) this.#heard.kind(kind, index);
    }
  }

  kindAt(index: number): NativeKind | undefined {
    return addon().kind(this.#handle, index);
  }

  /** How many calls there were of each kind by now, and of kinds that there was no room for. */
  get counts(): { readonly kinds: readonly number[]; readonly others: number } {
    const [others = 0, ...kinds] = addon().counts(this.#handle);
    return { kinds, others };
  }

  /** @internal */
  asks(waiting: Waiting): void {
    this.#heard.call?.(waiting, this.#handle);
  }

  /** @internal */
  hearsNoMore(): void {
    this.flush();
    this.#end();
  }
}

/** Those that may still hear something. */
const listeners = new Map<number, Listener>();
let open = false;

/** Makes this thread hear of listeners; to be called before the first is made. */
export function openInbox(): void {
  if (open) return;
  const error = addon().openInbox(onMail);
  if (error !== 0) throw new Error(`uv_async_init ${getSystemErrorName(error)}`);
  open = true;
}

function onMail(kinds: readonly number[], words: BigUint64Array, size: number, ended: readonly number[]): void {
  for (let i = 0; i < kinds.length; i += 2) listeners.get(kinds[i] ?? 0)?.flush();
  for (let i = 0; i < size; i += CALL_WORDS) listeners.get(Number(words[i]))?.asks(waiting(words, i));
  for (const id of ended) {
    listeners.get(id)?.hearsNoMore();
    listeners.delete(id);
  }
}

/** The call whose words begin at `at`. By index: an iterator takes as long as the rest of an answer. */
function waiting(words: BigUint64Array, at: number): Waiting {
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
