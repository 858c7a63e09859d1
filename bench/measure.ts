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
