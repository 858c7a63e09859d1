/** Finds the line and column of a value in JSON text. */
import { remember } from '../../util/memo.js';
import type { Path } from '../../util/own-data.js';
import { parseJson, type SoughtValue } from './parser.js';
import { foldedKey } from './value.js';

/** A position in a text. Lines and columns are counted from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** JSON text without mistakes, and where in it the value is that is meant. */
export interface JsonText {
  readonly text: string;
  readonly path: Path;
}

/**
 * Returns the offset of the value at each path inside the given one, or of the innermost container around it that exists.
 * Keys are compared as Go does; of a key that is repeated, the last one is used. Parses the text again.
 */
export function offsetsOf({ text, path: outer }: JsonText, paths: readonly Path[]): readonly number[] {
  const whole = newSought();
  const chains = paths.map((path) => {
    const chain = [whole];
    for (const key of [...outer, ...path]) chain.push(soughtInside(chain.at(-1) ?? whole, key));
    return chain;
  });
  parseJson(text, whole);
  return chains.map((chain) => {
    const depth = chain.findLastIndex(({ offset }) => offset !== undefined);
    const found = chain.at(depth) ?? whole;
    return depth > outer.length ? (found.offset ?? 0) : found.valueOffset;
  });
}

function newSought(): SoughtValue {
  return { offset: undefined, valueOffset: 0, inside: new Map() };
}

function soughtInside({ inside }: SoughtValue, key: string | number): SoughtValue {
  return remember(inside, foldedKey(key), newSought);
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
