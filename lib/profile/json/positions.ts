/** Where in a text the diagnostics on its document are. */
import type { ProfileIssue } from '../../errors.js';
import type { Path } from '../../util/own-data.js';
import type { Diagnostic } from '../document/diagnostics.js';
import { fold } from '../document/fields.js';
import { seek, type Wanted } from './seek.js';

/** A place in a text, counted from 1; a column is a UTF-16 unit. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The diagnostics as issues: in the order of the text, with their places, if there is one. */
export function toIssues(diagnostics: readonly Diagnostic[], text: string | undefined): readonly ProfileIssue[] {
  if (diagnostics.length === 0) return [];
  const places =
    text === undefined
      ? undefined
      : placesOf(
          text,
          diagnostics.map(({ path }) => path),
        );
  const issues = diagnostics.map(
    ({ path, message, severity }): ProfileIssue => ({ severity, path: jsonPath(path), message }),
  );
  if (places === undefined) return issues;
  const placed = issues.map((issue, i) => ({ ...issue, ...(places[i] ?? { line: 0, column: 0 }) }));
  return placed.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** `syscalls[3].args[0].op` */
function jsonPath(keys: Path): string {
  return keys
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** The places of offsets in a text. */
export function placer(text: string): (offset: number) => Place {
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

/** Where what stands at each path begins, or the nearest thing around it that exists. */
function placesOf(text: string, paths: readonly Path[]): readonly Place[] {
  const root: Wanted = { offset: text.search(/\S|$/), inside: new Map() };
  const found = paths.map((path) => path.map(keyOf).reduce<readonly Wanted[]>(lookFor, [root]));
  seek(text, root);
  const placeOf = placer(text);
  return found.map((steps) => placeOf(steps.findLast(({ offset }) => offset >= 0)?.offset ?? 0));
}

function keyOf(key: string | number): string | number {
  return typeof key === 'string' ? fold(key) : key;
}

function lookFor(steps: readonly Wanted[], key: string | number): readonly Wanted[] {
  const outer = steps.at(-1);
  const inner: Wanted = outer?.inside.get(key) ?? { offset: -1, inside: new Map() };
  outer?.inside.set(key, inner);
  return [...steps, inner];
}
