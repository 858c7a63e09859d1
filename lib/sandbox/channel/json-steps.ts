/** Reads a JSON text in steps, between which other work can be done. JSON.parse can't be interrupted. */
import { own } from '../../util/own-data.js';

type Container = unknown[] | Record<string, unknown>;

/** An array or object that is not complete. */
interface Open {
  readonly container: Container;
  /** The name of the member that is read next. */
  name: string;
  /** Number of its names. */
  names: number;
}

/** The text is not read to its end. */
export const UNFINISHED = Symbol('unfinished');

/** Maximum length of a text that JSON.parse reads. */
export const SHORT = 64 * 1024;

/** Maximum length of an array or object in a long text that JSON.parse reads. */
const SHORT_CONTAINER = 4096;

/** Number of values that are read before the time is looked at. */
const STEP = 256;

/** Maximum number of arrays and objects in one another. JSON.stringify writes fewer: each takes some of the stack. */
const DEEPEST = 16_384;

/** Maximum number of values in all. Each takes much more memory than text. */
export const MOST_VALUES = 1_000_000;

/** Maximum number of names in an object: from time to time V8 moves all of them at once. */
export const MOST_NAMES = 2 ** 18;

/** The text has more in it than is read. */
export class TooMuch extends Error {}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Reads a JSON text. The value is that of JSON.parse. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  /** From the outermost on. */
  readonly #open: Open[] = [];
  #values = 0;
  /** Number of values since the time was looked at. */
  #sinceLook = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Reads on until the text is at its end, or it is late.
   *
   * @returns The value, or UNFINISHED.
   * @throws {SyntaxError} if the text is not JSON.
   * @throws {TooMuch} if there are too many values in it, or in one another.
   */
  read(isLate: () => boolean): unknown {
    if (this.#text.length <= SHORT) return JSON.parse(this.#text);
    for (;;) {
      if (++this.#values > MOST_VALUES) throw new TooMuch('a message of more than a million values');
      if (++this.#sinceLook > STEP) {
        this.#sinceLook = 0;
        if (isLate()) return UNFINISHED;
      }
      const value = this.#begin();
      const whole = value === UNFINISHED ? UNFINISHED : this.#complete(value);
      if (whole !== UNFINISHED) return whole;
    }
  }

  /** Reads a value. Of a long array or object, only the beginning. */
  #begin(): unknown {
    const first = this.#skip();
    if (first === '"') return this.#string();
    if (first !== '[' && first !== '{') return this.#scalar();
    const end = endOfContainer(this.#text, this.#at);
    if (end !== undefined) return this.#short(end);
    const container: Container = first === '[' ? [] : {};
    this.#at++;
    if (this.#skip() === closing(container)) {
      this.#at++;
      return container;
    }
    const open = { container, name: '', names: 0 };
    if (this.#open.push(open) > DEEPEST) throw new TooMuch('a message with too much in one another');
    if (first === '{') this.#name(open);
    return UNFINISHED;
  }

  /** JSON.parse is faster, and makes objects that take less memory. */
  #short({ end, values }: { readonly end: number; readonly values: number }): unknown {
    const value: unknown = JSON.parse(this.#text.slice(this.#at, end));
    this.#at = end;
    this.#sinceLook += values;
    this.#values += values;
    return value;
  }

  /** Puts a value into what it belongs to, which may be complete by that, too. Returns the value that is in no other. */
  #complete(value: unknown): unknown {
    let complete = value;
    for (;;) {
      const open = this.#open.at(-1);
      if (open !== undefined) add(open, complete);
      const next = this.#skip();
      if (open === undefined) {
        if (next !== undefined) throw this.#problem();
        return complete;
      }
      const { container } = open;
      if (next !== ',' && next !== closing(container)) throw this.#problem();
      this.#at++;
      if (next === ',') {
        if (!Array.isArray(container)) this.#name(open);
        return UNFINISHED;
      }
      this.#open.pop();
      complete = container;
    }
  }

  /** Reads the name of a member, and the colon. */
  #name(open: Open): void {
    if (++open.names > MOST_NAMES) throw new TooMuch(`an object of more than ${MOST_NAMES} names`);
    if (this.#skip() !== '"') throw this.#problem();
    open.name = this.#string();
    if (this.#skip() !== ':') throw this.#problem();
    this.#at++;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at);
    if (end < 0) throw this.#problem();
    const string: string = JSON.parse(this.#text.slice(this.#at, end));
    this.#at = end;
    return string;
  }

  #scalar(): unknown {
    SCALAR.lastIndex = this.#at;
    const found = SCALAR.exec(this.#text);
    if (found === null) throw this.#problem();
    this.#at = SCALAR.lastIndex;
    return JSON.parse(found[0]);
  }

  /** Skips white space. Returns what follows. */
  #skip(): string | undefined {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
    return this.#text[this.#at];
  }

  #problem(): SyntaxError {
    return new SyntaxError(`position ${this.#at} is not JSON`);
  }
}

function add({ container, name }: Open, value: unknown): void {
  if (Array.isArray(container)) container.push(value);
  // As JSON.parse, which calls no setter and takes __proto__ as any other name.
  else if (!Reflect.has(Object.prototype, name)) container[name] = value;
  else Object.defineProperty(container, name, own({ value, writable: true, enumerable: true, configurable: true }));
}

const [QUOTE, COMMA, BACKSLASH] = [34, 44, 92];

/**
 * The place behind an array or object that begins at `start`, and about how many values it has; undefined if it is not short.
 */
function endOfContainer(text: string, start: number): { readonly end: number; readonly values: number } | undefined {
  const last = Math.min(text.length, start + SHORT_CONTAINER);
  let [depth, values, isText] = [0, 1, false];
  for (let at = start; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH && isText) at++;
    else if (code === QUOTE) isText = !isText;
    else if (isText) continue;
    else if (code === COMMA) values++;
    else if (isOpening(code)) depth++;
    else if (isClosing(code) && --depth === 0) return { end: at + 1, values };
  }
  return undefined;
}

/** `[` and `{`, `]` and `}`: each two differ in one bit. */
const isOpening = (code: number) => (code | 32) === 123;
const isClosing = (code: number) => (code | 32) === 125;

/** The place behind a string that begins at `start`; −1 if it has no end. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text[before] === '\\') before--;
    if ((quote - before) % 2 === 1) return quote + 1; // No backslash is before it, or each is escaped by another.
  }
  return -1;
}

const closing = (container: Container): string => (Array.isArray(container) ? ']' : '}');
