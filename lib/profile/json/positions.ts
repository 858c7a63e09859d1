/** Finds the line and column of a value in JSON text, by the offsets that the parser recorded. */
import type { Path } from '../../util/own-data.js';
import { foldKey } from './value.js';

/** A position in a text. Lines and columns are counted from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * A text and the offsets of its values. The values are numbered in the order in which they begin, so that the values
 * inside a container follow it.
 */
export interface JsonLayout {
  readonly text: string;
  /** Where each value begins; for a value in an object, where its key begins. */
  readonly offsets: Uint32Array;
  /** For each value, the number of the first value that begins after its end. */
  readonly ends: Uint32Array;
}

/** Records the layout of a text while it is parsed. Takes eight bytes for each value. */
export class LayoutRecorder {
  #offsets = new Uint32Array(FIRST_CAPACITY);
  #ends = new Uint32Array(FIRST_CAPACITY);
  #count = 0;

  /** Records that a value begins, and returns its number. */
  begin(offset: number): number {
    const number = this.#count++;
    if (number === this.#offsets.length) {
      this.#offsets = doubled(this.#offsets);
      this.#ends = doubled(this.#ends);
    }
    this.#offsets[number] = offset;
    this.#ends[number] = this.#count;
    return number;
  }

  /** Records that a container ends. */
  end(container: number): void {
    this.#ends[container] = this.#count;
  }

  layoutOf(text: string): JsonLayout {
    return { text, offsets: this.#offsets.slice(0, this.#count), ends: this.#ends.slice(0, this.#count) };
  }
}

const FIRST_CAPACITY = 1024;

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}

/**
 * Returns the offset of the value at each path, or of the innermost container around it that exists. Keys are compared
 * as Go does; of a key that is repeated, the last one is used.
 */
export function offsetsOf(layout: JsonLayout, paths: readonly Path[]): readonly number[] {
  const search = new Search(layout);
  return paths.map((path) => search.offsetOf(path));
}

/** The layout of the value at a path, in the same text. Undefined if there is none. */
export function layoutAt(layout: JsonLayout, path: Path): JsonLayout | undefined {
  const found = new Search(layout).find(path);
  if (found === undefined) return undefined;
  const { value, isMember } = found;
  const { text, offsets, ends } = layout;
  const end = ends[value] ?? 0;
  const inside = { text, offsets: offsets.slice(value, end), ends: ends.slice(value, end).map((each) => each - value) };
  const offset = offsets[value] ?? 0;
  inside.offsets[0] = isMember ? memberAt(text, offset).valueOffset : offset;
  return inside;
}

/** Searches a layout. Keeps the children of the containers that it visited, as many paths share them. */
class Search {
  readonly #layout: JsonLayout;
  readonly #elements = new Map<number, readonly number[]>();
  readonly #members = new Map<number, ReadonlyMap<string, readonly number[]>>();

  constructor(layout: JsonLayout) {
    this.#layout = layout;
  }

  offsetOf(path: Path): number {
    return this.#layout.offsets[this.#follow(path).value] ?? 0;
  }

  /** The value at a path, and whether it is in an object; undefined if there is none. */
  find(path: Path): { readonly value: number; readonly isMember: boolean } | undefined {
    const { depth, ...found } = this.#follow(path);
    return depth === path.length ? found : undefined;
  }

  /** Follows a path as far as there are values. */
  #follow(path: Path): { readonly value: number; readonly isMember: boolean; readonly depth: number } {
    // A key that is repeated has several values, and the rest of the path may be in any of them.
    let found: readonly number[] = [0];
    let isMember = false;
    let depth = 0;
    for (const key of path) {
      const parents = { values: found, areMembers: isMember };
      const inside = typeof key === 'number' ? this.#atIndex(parents, key) : this.#atKey(parents, key);
      if (inside.length === 0) break;
      found = inside;
      isMember = typeof key === 'string';
      depth++;
    }
    return { value: found.at(-1) ?? 0, isMember, depth };
  }

  #atIndex({ values, areMembers }: Parents, index: number): readonly number[] {
    const arrays = values.filter((value) => this.#opens(value, areMembers, '['));
    return arrays.flatMap((array) => {
      const elements = this.#elements.get(array) ?? this.#childrenOf(array);
      this.#elements.set(array, elements);
      return elements[index] ?? [];
    });
  }

  #atKey({ values, areMembers }: Parents, key: string): readonly number[] {
    const objects = values.filter((value) => this.#opens(value, areMembers, '{'));
    return objects.flatMap((object) => {
      const members = this.#members.get(object) ?? this.#byKey(this.#childrenOf(object));
      this.#members.set(object, members);
      return members.get(foldKey(key)) ?? [];
    });
  }

  #opens(value: number, isMember: boolean, bracket: '[' | '{'): boolean {
    const { text, offsets } = this.#layout;
    const offset = offsets[value] ?? 0;
    return text.startsWith(bracket, isMember ? memberAt(text, offset).valueOffset : offset);
  }

  #childrenOf(container: number): readonly number[] {
    const { ends } = this.#layout;
    const end = ends[container] ?? 0;
    const children: number[] = [];
    for (let child = container + 1; child < end; child = ends[child] ?? end) children.push(child);
    return children;
  }

  #byKey(members: readonly number[]): ReadonlyMap<string, readonly number[]> {
    const { text, offsets } = this.#layout;
    const byKey = new Map<string, number[]>();
    for (const member of members) {
      const key = foldKey(memberAt(text, offsets[member] ?? 0).key);
      const others = byKey.get(key);
      if (others === undefined) byKey.set(key, [member]);
      else others.push(member);
    }
    return byKey;
  }
}

/** The values at one path. `areMembers`: they are in objects, so their offsets are those of their keys. */
interface Parents {
  readonly values: readonly number[];
  readonly areMembers: boolean;
}

const SPACE_AND_COLON = /[\s:]*/y;

/** The member of an object that begins at an offset. */
function memberAt(text: string, offset: number): { readonly key: string; readonly valueOffset: number } {
  let end = offset + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  const written = text.slice(offset, end + 1);
  const key = written.includes('\\') ? String(JSON.parse(written)).toWellFormed() : written.slice(1, -1);
  SPACE_AND_COLON.lastIndex = end + 1;
  SPACE_AND_COLON.test(text);
  return { key, valueOffset: SPACE_AND_COLON.lastIndex };
}

/** Returns a function from an offset in `text` to its position. */
export function positionFinder(text: string): (offset: number) => Position {
  const lines = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.push(end + 1);
  return (offset) => {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((lines[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
  };
}
