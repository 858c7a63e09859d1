/** Compares a program's output with what the documentation prints. */

/** Stands for any characters within a line, or for any lines if it is a whole line. */
const ELLIPSIS = '…';

/** Returns the output without spaces at the end of its lines and without empty lines at its end. */
function normalized(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '').trimEnd();
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
const patternOf = (line: string) => line.split(ELLIPSIS).map(escaped).join('.*');

/** Whether the output is the expected one. */
export function matches(output: string, expected: string): boolean {
  const lines = normalized(expected).split('\n');
  const pattern = lines.map((line) => (line.trim() === ELLIPSIS ? '(?:.*\n)*' : `${patternOf(line)}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${normalized(output)}\n`);
}

/** Returns the output with each line that matches a line of the expectation in the expectation's words, for a short diff. */
export function inWordsOf(expected: string, output: string): string {
  const lines = normalized(expected).split('\n');
  const open = lines.filter((line) => line.includes(ELLIPSIS) && line.trim() !== ELLIPSIS);
  const patterns = open.map((line) => ({ line, pattern: new RegExp(`^${patternOf(line)}$`) }));
  return normalized(output)
    .split('\n')
    .map((line) => patterns.find(({ pattern }) => pattern.test(line))?.line ?? line)
    .join('\n');
}
