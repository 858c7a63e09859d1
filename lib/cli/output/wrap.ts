/** Text for the width of a terminal. */
import { printableLine } from '../../util/foreign-text.js';

/**
 * Breaks text between words into lines that are at most `width` columns wide. Lines after the first are indented. Hidden
 * characters are escaped.
 *
 * @param column - The column in which the first line begins, and to which the others are indented.
 * @param width - Infinity for a single line.
 */
export function wrap(text: string, column: number, width: number): readonly string[] {
  return fill(printableLine(text).split(' '), ' ', column, width);
}

/** Breaks a rule as JSON after commas, as `wrap` breaks text between words. The result is the same rule: no name has a comma. */
export function wrapJson(json: string, column: number, width: number): readonly string[] {
  return fill(json.split(/(?<=,)(?=["{])/), '', column, width);
}

/** Joins parts to lines that are at most `width` columns wide. A part that is longer has a line of its own. */
function fill(parts: readonly string[], separator: string, column: number, width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || column + last.length + separator.length + part.length > width) lines.push(part);
    else lines[lines.length - 1] = `${last}${separator}${part}`;
  }
  return lines.map((line, i) => (i === 0 ? line : `${' '.repeat(column)}${line}`));
}

/**
 * Returns the width of the terminal that stdout is connected to; `otherwise` if it is connected to something else, or to a
 * terminal that does not know its width: a serial console has 0 columns.
 */
export function outputWidth(otherwise = Number.POSITIVE_INFINITY): number {
  return process.stdout.columns || otherwise;
}

/** The same for stderr; Infinity if its width is not known. */
export function messageWidth(): number {
  return process.stderr.columns || Number.POSITIVE_INFINITY;
}
