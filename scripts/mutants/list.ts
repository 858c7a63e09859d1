/** The lists of mutants: scripts/mutants/lists/FOLDER.json, one for each folder of lib/ and native/, and `by-hand`. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A small change of the sources that changes what they do, so some test must fail. */
export interface Mutant {
  readonly file: string;
  readonly kind: string;
  /** Text of the file that is replaced, without the white space around it. */
  readonly from: string;
  readonly to: string;
  /** Which of the places with the text `from` is meant, if there are several: 1 is the second. */
  readonly nth?: number;
  /** Why no test can notice the change, if so. Such a mutant is not run. */
  readonly equivalent?: string;
}

const LISTS = new URL('lists/', import.meta.url).pathname;

/** The name of a file's list: its folder, such as `lib-sandbox`; `lib` for what is in lib/ itself. */
export function folderOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 2).join('-');
}

export function listNames(): readonly string[] {
  return readdirSync(LISTS).map((name) => basename(name, '.json'));
}

export function readList(name: string): readonly Mutant[] {
  const file = join(LISTS, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

export function writeList(name: string, mutants: readonly Mutant[]): void {
  writeFileSync(join(LISTS, `${name}.json`), `${JSON.stringify(mutants, undefined, 2)}\n`);
}

/** A name for a mutant that stays the same if other lines of its file change. */
export function idOf({ file, from, to, nth }: Mutant): string {
  return createHash('sha256')
    .update(JSON.stringify([file, from, to, nth ?? 0]))
    .digest('hex')
    .slice(0, 10);
}

/** Returns the file's text with the change; undefined if the text has no such place any longer. */
export function mutated(text: string, { from, to, nth = 0 }: Mutant): string | undefined {
  let start = text.indexOf(from);
  for (let i = 0; i < nth && start !== -1; i++) start = text.indexOf(from, start + 1);
  return start === -1 ? undefined : text.slice(0, start) + to + text.slice(start + from.length);
}

/** Returns the mutant of a change: the lines that it touches, before and after. */
export function mutantOf(
  file: string,
  text: string,
  change: { kind: string; start: number; end: number; to: string },
): Mutant {
  const first = text.lastIndexOf('\n', change.start - 1) + 1;
  const end = text.indexOf('\n', change.end);
  const line = text.slice(first, end);
  const from = line.trim();
  const start = first + line.indexOf(from);
  const to = text.slice(start, change.start) + change.to + text.slice(change.end, start + from.length);
  const nth = occurrencesBefore(text, from, start);
  return { file, kind: change.kind, from, to, ...(nth > 0 ? { nth } : {}) };
}

function occurrencesBefore(text: string, part: string, end: number): number {
  let count = 0;
  for (let i = text.indexOf(part); i !== -1 && i < end; i = text.indexOf(part, i + 1)) count++;
  return count;
}
