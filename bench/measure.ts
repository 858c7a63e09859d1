/** Shared parts of the benchmarks: medians with quartiles, the machine's description, tables. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

/** The median of many runs, with the quartiles. */
export interface Spread {
  readonly median: number;
  /** The lower and the upper quartile. */
  readonly low: number;
  readonly high: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** Warm-up rounds, whose times are dropped: code is compiled and files are read for the first time. */
const WARM_UP = 20;

/**
 * Measures the functions in turn, in each round in another random order, and returns the spread of each: what one leaves
 * in the caches then concerns all others alike. An uncounted start precedes each counted one: after a fork, the process's
 * pages are copied again when it writes to them, which must not be attributed to the next function.
 */
export async function interleave(
  turns: Readonly<Record<string, () => Promise<number>>>,
  count: number,
  warmUp = WARM_UP,
): Promise<ReadonlyMap<string, Spread>> {
  const samples = new Map<string, number[]>();
  for (let round = -warmUp; round < count; round++) {
    for (const [name, once] of shuffled(Object.entries(turns))) {
      await once();
      const time = await once();
      if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), time]);
    }
  }
  return new Map(Object.keys(turns).map((name) => [name, spread(samples.get(name) ?? [])]));
}

/** The values in a random order. */
export function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

/** `12.3 (11.9–12.8)` */
export function show({ median, low, high }: Spread): string {
  return `${digits(median)} (${digits(low)}–${digits(high)})`;
}

export function digits(value: number): string {
  return value.toPrecision(Math.abs(value) >= 100 ? 4 : 3);
}

/** Describes this machine in one line. */
export function machine(): string {
  const model = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
  return `${cpus().length} × ${model}, Linux ${release()}, Node ${process.version}`;
}

/** Formats rows as lines with aligned columns. The first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

/** Formats rows as a Markdown table. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

/** Replaces the text between the comments `<!-- NAME -->` and `<!-- /NAME -->` of a Markdown file. */
export function replaceSection(file: URL, name: string, text: string): void {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = readFileSync(file, 'utf8').split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file.pathname} has no ${start} … ${end}`);
  writeFileSync(file, `${before}${start}\n\n${text}\n\n${end}${after}`);
}
