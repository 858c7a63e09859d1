/** Finds in JSON text where values begin, without making them: the text has been read before, so it is valid. */
import { fold } from '../document/fields.js';

/** Something that is looked for in a text, and what is looked for in it: keys folded as Go does, and indices. */
export interface Wanted {
  /** Where it begins, or the key before it; −1 until it is found. Of a key that stands twice, the last counts. */
  offset: number;
  readonly inside: Map<string | number, Wanted>;
}

/** Sets the offsets of what `wanted` has inside. */
export function seek(text: string, wanted: Wanted): void {
  new Seeker(text).value(wanted);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const END_OF_SCALAR = /[\s,\]}]|$/g;
const NEXT = /[^\s,:]|$/g;

class Seeker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Goes past a value. The recursion is as deep as what is wanted. */
  value({ inside }: Wanted): void {
    const opening = this.#next();
    if (inside.size === 0 || (opening !== '{' && opening !== '[')) this.#skip();
    else this.#container(opening === '{', inside);
  }

  #container(isObject: boolean, inside: Wanted['inside']): void {
    this.#at++;
    const closing = isObject ? '}' : ']';
    for (let i = 0; this.#next() !== closing; i++) {
      const begins = this.#at;
      const found = inside.get(isObject ? this.#key() : i);
      if (found !== undefined) found.offset = begins;
      if (found === undefined) this.#skip();
      else this.value(found);
    }
    this.#at++;
  }

  /** What the next value, key or end begins with. */
  #next(): string {
    NEXT.lastIndex = this.#at;
    this.#at = NEXT.exec(this.#text)?.index ?? this.#text.length;
    return this.#text.charAt(this.#at);
  }

  #key(): string {
    const begins = this.#at;
    this.#skipString();
    const written = this.#text.slice(begins, this.#at);
    return fold(written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1));
  }

  #skip(): void {
    this.#next();
    for (let depth = 0; this.#at < this.#text.length; ) {
      const unit = this.#text.charCodeAt(this.#at);
      const step = unit === 0x7b || unit === 0x5b ? 1 : unit === 0x7d || unit === 0x5d ? -1 : 0;
      depth += step;
      if (unit === QUOTE) this.#skipString();
      else if (step !== 0 || depth > 0) this.#at++;
      else this.#skipScalar();
      if (depth === 0) return;
    }
  }

  #skipScalar(): void {
    END_OF_SCALAR.lastIndex = this.#at;
    this.#at = END_OF_SCALAR.exec(this.#text)?.index ?? this.#text.length;
  }

  #skipString(): void {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === BACKSLASH) this.#at++;
      else if (unit === QUOTE) break;
    }
    this.#at++;
  }
}
