/** Text for the width of a terminal. */

/**
 * Breaks text between words so that its lines are at most `width` columns wide. Lines after the first are indented.
 *
 * @param column - The column in which the first line begins, and to which the others are indented.
 * @param width - Infinity for a single line.
 */
export function wrap(text: string, column: number, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || column + last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join(`\n${' '.repeat(column)}`);
}

/** Returns the width of the terminal that stdout is connected to; `otherwise` if it is connected to something else. */
export function outputWidth(otherwise = Number.POSITIVE_INFINITY): number {
  return process.stdout.columns ?? otherwise;
}
