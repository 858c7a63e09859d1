/** The lines of lib/ that were run: in the processes of Vitest, and in each Node that ran a file of dist/. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseAst } from 'vitest/node';
import { folderOf } from '../pinned.js';
import { type Lines, merge, withRuns } from './lines.js';

/** A file's part in a report of Istanbul: where its statements begin, and how often each was run. */
interface FileCoverage {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}
type Report = Readonly<Record<string, FileCoverage>>;

/** How often the functions and blocks of a script were run, as V8 reports it. */
interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly { readonly endOffset: number }[] }[];
}

/** The packages that scripts/coverage/package-lock.json pins, as far as they are used here. */
interface Converter {
  readonly convert: (options: {
    readonly code: string;
    readonly sourceMap: unknown;
    readonly ast: unknown;
    readonly coverage: ScriptCoverage;
  }) => Promise<Report>;
}
interface Merger {
  readonly mergeScriptCovs: (coverages: readonly ScriptCoverage[]) => ScriptCoverage | undefined;
}

const packages = `${folderOf('scripts/coverage')}/node_modules`;
const { convert }: Converter = await import(`${packages}/ast-v8-to-istanbul/dist/index.mjs`);
const { mergeScriptCovs }: Merger = createRequire(`${packages}/`)('@bcoe/v8-coverage');

/** Tables that a script generates. They have no code. */
const GENERATED = /^lib\/(?:syscalls\/generated\/|filter\/precompiled\/programs\.ts)/;

/** How many reports of one file are merged at once. */
const BATCH = 100;

/** Returns the lines of lib/ in a checkout in which Vitest ran, and `children`, where other processes wrote their reports. */
export async function linesOfLib(checkout: string, children: string): Promise<Lines> {
  const inTests = new Map<string, Map<number, boolean>>();
  const reports = join(checkout, 'out/coverage');
  for (const name of readdirSync(reports, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('coverage-final.json'))
      merge(inTests, linesOf(checkout, JSON.parse(readFileSync(join(reports, name), 'utf8'))));
  const inDist = new Map<string, Map<number, boolean>>();
  for (const coverage of scriptsOfDist(checkout, children))
    merge(inDist, linesOf(checkout, await reportOfScript(coverage)));
  return withRuns(inTests, inDist);
}

function linesOf(checkout: string, report: Report): Lines {
  const lines = new Map<string, Map<number, boolean>>();
  for (const { path, statementMap, s } of Object.values(report)) {
    const file = relative(checkout, path);
    if (!file.startsWith('lib/') || GENERATED.test(file)) continue;
    for (const [id, { start }] of Object.entries(statementMap))
      merge(lines, new Map([[file, new Map([[start.line, (s[id] ?? 0) > 0]])]]));
  }
  return lines;
}

/**
 * Returns one report for each file of dist/ that a process loaded. Some tests copy dist/ to another place: a file of the same name and
 * length is taken for a copy. A file that has no source map only loads another one.
 */
function scriptsOfDist(checkout: string, children: string): readonly ScriptCoverage[] {
  const scripts = new Map<string, ScriptCoverage[]>();
  for (const name of readdirSync(children))
    for (const { url, functions } of reportsIn(join(children, name))) {
      const file = join(checkout, 'dist', url.split('/dist/').at(-1) ?? '');
      if (
        !url.includes('/dist/') ||
        !existsSync(`${file}.map`) ||
        lengthOf(file) !== functions[0]?.ranges[0]?.endOffset
      )
        continue;
      const others = scripts.get(file) ?? [];
      const coverage = { url: pathToFileURL(file).href, functions };
      scripts.set(file, others.length < BATCH ? [...others, coverage] : [coverage, ...merged(others)]);
    }
  return [...scripts.values()].flatMap(merged);
}

const lengths = new Map<string, number>();

function lengthOf(file: string): number {
  const length = lengths.get(file) ?? readFileSync(file, 'utf8').length;
  lengths.set(file, length);
  return length;
}

function merged(coverages: readonly ScriptCoverage[]): readonly ScriptCoverage[] {
  const all = mergeScriptCovs(coverages);
  return all === undefined ? [] : [all];
}

/** Returns the reports in a file; none if its process was killed before it had written the whole. */
function reportsIn(file: string): readonly ScriptCoverage[] {
  try {
    const { result }: { readonly result: readonly ScriptCoverage[] } = JSON.parse(readFileSync(file, 'utf8'));
    return result;
  } catch {
    return [];
  }
}

function reportOfScript(coverage: ScriptCoverage): Promise<Report> {
  const file = fileURLToPath(coverage.url);
  const code = readFileSync(file, 'utf8');
  const sourceMap: unknown = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
  return convert({ code, sourceMap, ast: parseAst(code), coverage });
}
