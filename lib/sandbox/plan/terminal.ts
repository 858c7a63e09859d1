/** Whether a program is given a terminal. */
import { isatty } from 'node:tty';
import { propertyOf } from '../../util/own-data.js';

/** What a program's descriptors are connected to, unless its options say otherwise. */
export type DefaultStdio = 'pipe' | 'inherit';

/**
 * Whether one of a program's descriptors is a terminal. Nothing of a program without one should reach the terminal of its
 * parent, which `/dev/tty` opens.
 */
export function hasTerminal(
  { stdio, silent }: { readonly stdio?: unknown; readonly silent?: unknown },
  byDefault: DefaultStdio,
): boolean {
  const entries = stdio ?? (silent === true ? 'pipe' : byDefault);
  const all: readonly unknown[] = Array.isArray(entries) ? entries : [entries, entries, entries];
  return all.some((entry, i) => isTerminal(entry === 'inherit' ? i : entry));
}

function isTerminal(entry: unknown): boolean {
  if (typeof entry === 'number') return isatty(entry);
  if (typeof entry !== 'object' || entry === null) return false;
  const descriptor = propertyOf(entry, 'fd');
  // Streams of node:tty have no descriptor, but those of this process.
  return typeof descriptor === 'number' ? isatty(descriptor) : propertyOf(entry, 'isTTY') === true;
}
