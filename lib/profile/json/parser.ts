/** Parses JSON as Go's encoding/json does, with exact numbers, and finds the offsets of values. */
import { quoted } from '../../util/foreign-text.js';
import { emptyFields, type Path } from '../../util/own-data.js';
import { foldedKey, JsonNumber } from './value.js';

/** Invalid JSON, or JSON beyond the limits below; `offset` is where. */
export class JsonSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** All entries of each object that repeats a key, in the order of the text. */
export type Entries = ReadonlyMap<object, readonly Entry[]>;

type Entry = readonly [key: string, value: unknown];

export interface ParsedJson {
  /** The value. An object that repeats a key has the last value of that key. */
  readonly value: unknown;
  readonly entries: Entries;
  /**
   * Paths of the keys that are repeated, each path once, and at most MOST_REPEATS of them. Repeats deeper than
   * PROFILE_DEPTH are not listed.
   */
  readonly repeats: readonly Path[];
}

/** How deep values may nest. Source: `maxNestingDepth` of Go's encoding/json, with which runtimes read profiles. */
const DEEPEST = 10_000;

/** How many values a text may have: a hundred times as many as the largest profiles, parsed within a second. */
const MOST_VALUES = 1 << 20;

/** How many members an object may have, including those that repeat a key. */
const MOST_KEYS = 1 << 17;

/** How many repeated keys are listed: more than are reported. */
export const MOST_REPEATS = 1 << 14;

/** Repeated keys are listed down to this depth. A profile does not nest as deeply, even inside a config.json. */
const PROFILE_DEPTH = 8;

/**
 * Parses JSON text (RFC 8259), in linear time and without recursion. An integer is a number up to 2⁵³ − 1 and a bigint
 * above; a lone surrogate becomes U+FFFD.
 *
 * @param sought - The whole value, whose offset and those inside it are to be found.
 * @throws {JsonSyntaxError} with the offset of the first mistake, or of the value that exceeds a limit.
 */
export function parseJson(text: string, sought?: SoughtValue): ParsedJson {
  return new Parser(text.toWellFormed(), sought).parse();
}

/** A value whose offset is sought. Of a key that is repeated, the last value is found. */
export interface SoughtValue {
  /** Where it begins; for a value in an object, where its key begins. Undefined before it is found. */
  offset: number | undefined;
  /** Where it begins without its key. */
  valueOffset: number;
  /** What is sought inside it: by index or folded key. */
  readonly inside: Map<string | number, SoughtValue>;
}

/** A container whose end was not reached yet, and the key or index of the value in it that is being parsed. */
interface Frame {
  readonly container: unknown[] | Record<string, unknown>;
  readonly sought: SoughtValue | undefined;
  key: string | number;
  /** Whether the object already has `key`. */
  isRepeat: boolean;
  /** The keys of the container that were repeated so far. */
  repeated: Set<string> | undefined;
  /** The number of values in the container that have begun. */
  count: number;
}

class Parser {
  readonly #entries = new Map<object, Entry[]>();
  readonly #repeats: Path[] = [];
  readonly #text: string;
  readonly #sought: SoughtValue | undefined;
  readonly #frames: Frame[] = [];
  #at = 0;
  #values = 0;
  /** The offset at which the next value begins; for a value in an object, the offset of its key. */
  #begins = 0;

  constructor(text: string, sought: SoughtValue | undefined) {
    this.#text = text;
    this.#sought = sought;
  }

  parse(): ParsedJson {
    return { value: this.#document(), entries: this.#entries, repeats: this.#repeats };
  }

  #document(): unknown {
    if (this.#text.startsWith('\uFEFF')) this.#fail('it begins with a byte order mark: save it as UTF-8 without one');
    this.#skipSpace();
    this.#begins = this.#at;
    for (;;) {
      const sought = this.#soughtHere();
      const container = this.#opening();
      if (container !== undefined && !this.#ends(container)) {
        const frame: Frame = { container, sought, key: -1, isRepeat: false, repeated: undefined, count: 0 };
        this.#frames.push(frame);
        this.#next(frame);
        continue;
      }
      let value = container ?? this.#scalar();
      // The value is complete. If it is the last one of its container, the container is complete too.
      for (;;) {
        const frame = this.#frames.at(-1);
        if (frame === undefined) return this.#finished(value);
        this.#putIn(frame, value);
        this.#skipSpace();
        if (this.#takes(COMMA)) {
          this.#next(frame);
          break;
        }
        if (!this.#ends(frame.container))
          this.#fail(`expected a comma or the end, found ${this.#here()}${this.#remedy()}`);
        value = frame.container;
        this.#frames.pop();
      }
    }
  }

  #finished(value: unknown): unknown {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail(`expected the end, found ${this.#here()}`);
    return value;
  }

  /** Returns the sought value that begins here, if it is one. */
  #soughtHere(): SoughtValue | undefined {
    this.#skipSpace();
    const frame = this.#frames.at(-1);
    const sought = frame === undefined ? this.#sought : frame.sought?.inside.get(foldedKey(frame.key));
    if (sought !== undefined) Object.assign(sought, { offset: this.#begins, valueOffset: this.#at });
    return sought;
  }

  /** Returns a new container if one begins here. Counts every value. */
  #opening(): Frame['container'] | undefined {
    if (++this.#values > MOST_VALUES) this.#tooMany(MOST_VALUES, 'values');
    const container = this.#takes(0x7b) ? emptyFields() : this.#takes(0x5b) ? [] : undefined;
    if (container !== undefined && this.#frames.length === DEEPEST)
      this.#fail(`nested more than ${DEEPEST} levels deep`);
    return container;
  }

  #ends(container: Frame['container']): boolean {
    this.#skipSpace();
    return this.#takes(Array.isArray(container) ? 0x5d : 0x7d);
  }

  /** Advances to the next value of the container; in an object, past its key and the colon. */
  #next(frame: Frame): void {
    this.#skipSpace();
    this.#begins = this.#at;
    frame.count++;
    if (Array.isArray(frame.container)) frame.key = frame.count - 1;
    else {
      if (frame.count > MOST_KEYS) this.#tooMany(MOST_KEYS, 'keys in one object');
      if (this.#text.charCodeAt(this.#at) !== QUOTE)
        this.#fail(`expected a key in double quotes, found ${this.#here()}${this.#remedy()}`);
      frame.key = this.#string();
      this.#skipSpace();
      if (!this.#takes(0x3a)) this.#fail(`expected a colon, found ${this.#here()}`);
      frame.isRepeat = Object.hasOwn(frame.container, frame.key);
      if (frame.isRepeat) this.#addRepeat(frame, frame.key);
    }
  }

  #addRepeat(frame: Frame, key: string): void {
    frame.repeated ??= new Set();
    if (this.#frames.length > PROFILE_DEPTH || frame.repeated.has(key) || this.#repeats.length >= MOST_REPEATS) return;
    frame.repeated.add(key);
    this.#repeats.push(this.#frames.map((each) => each.key));
  }

  #putIn({ container, key, isRepeat }: Frame, value: unknown): void {
    if (Array.isArray(container)) container.push(value);
    else {
      const entries = this.#entries.get(container) ?? (isRepeat ? Object.entries(container) : undefined);
      entries?.push([String(key), value]);
      if (isRepeat && entries !== undefined) this.#entries.set(container, entries);
      container[key] = value;
    }
  }

  #scalar(): unknown {
    const unit = this.#text.charCodeAt(this.#at);
    if (unit === QUOTE) return this.#string();
    if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) return this.#number();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#fail(`expected a value, found ${this.#here()}${this.#remedy()}`);
  }

  #number(): unknown {
    NUMBER.lastIndex = this.#at;
    const literal = NUMBER.exec(this.#text)?.[0] ?? this.#fail('a number has no digits');
    this.#at += literal.length;
    if (literal.length > 20 || !/^\d+$/.test(literal)) return new JsonNumber(literal);
    const value = Number(literal);
    return Number.isSafeInteger(value) ? value : BigInt(literal);
  }

  #string(): string {
    const begins = this.#at + 1;
    let escapes = false;
    for (let at = begins; ; at++) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return escapes ? unescaped(this.#text.slice(begins, at)) : this.#text.slice(begins, at);
      }
      if (unit >= 0x20 && unit !== BACKSLASH) continue;
      this.#at = at;
      if (unit !== BACKSLASH) this.#fail(at < this.#text.length ? 'a control character in a string' : this.#here());
      ESCAPE.lastIndex = at;
      const sequence = ESCAPE.exec(this.#text)?.[0] ?? this.#fail('an invalid escape sequence in a string');
      escapes = true;
      at += sequence.length - 1;
    }
  }

  #takes(unit: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  /** The next character, for a message. */
  #here(): string {
    const character = this.#text.codePointAt(this.#at);
    return character === undefined ? 'the end of the text' : quoted(String.fromCodePoint(character));
  }

  /** Returns advice, for a message, on a frequent mistake at this offset. */
  #remedy(): string {
    const character = this.#text.charAt(this.#at);
    if (character === '/' || character === '#') return '; JSON has no comments';
    if (character === "'") return '; JSON strings use double quotes';
    if (
      /^\s*$/.test(this.#text.slice(0, this.#at)) &&
      /^[a-z]\w*:(\s|$)/i.test(this.#text.slice(this.#at, this.#at + 100))
    )
      return '; it looks like YAML: convert it to JSON';
    const isEnd = character === '}' || character === ']';
    return isEnd && /,\s*$/.test(this.#text.slice(Math.max(0, this.#at - 100), this.#at))
      ? '; remove the comma before it'
      : '';
  }

  #fail(message: string): never {
    throw new JsonSyntaxError(`this is not JSON: ${message}`, this.#at);
  }

  #tooMany(most: number, what: string): never {
    const message = `this is too large for a profile or a sandbox: it has more than ${most} ${what}`;
    throw new JsonSyntaxError(`${message}, a hundred times as many as the largest profiles`, this.#at);
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const WORDS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;

/** Returns the value of a string whose escape sequences are valid. */
function unescaped(inside: string): string {
  return String(JSON.parse(`"${inside}"`)).toWellFormed();
}
