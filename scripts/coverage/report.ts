/**
 * Prints which share of the lines of lib/ and native/ the tests run, for each folder, and the lines that none runs:
 * `report.ts CHECKOUT CHILDREN BUILD [--write]`, which scripts/coverage/run.sh calls. Fails below the least share.
 */
import { machine, markdownTable, replaceSection, table } from '../../bench/measure.js';
import { linesOfLib } from './javascript.js';
import { type Lines, missing } from './lines.js';
import { linesOfNative } from './native.js';

/** The least share of lines that must be run, in percent. */
const LEAST = 95;

interface Share {
  readonly name: string;
  readonly run: number;
  readonly all: number;
}

function share(name: string, files: Lines): Share {
  const runs = [...files.values()].flatMap((lines) => [...lines.values()]);
  return { name, run: runs.filter(Boolean).length, all: runs.length };
}

const percent = ({ run, all }: Share) => (100 * run) / Math.max(1, all);

/** The shares of each folder, named by its first two parts; a file of lib/ itself is in `lib`. */
function folders(lines: Lines): readonly Share[] {
  const folder = (file: string) => file.split('/').slice(0, -1).slice(0, 2).join('/');
  const names = [...new Set([...lines.keys()].map(folder))].sort();
  return names.map((name) => share(name, new Map([...lines].filter(([file]) => folder(file) === name))));
}

const row = (each: Share) => [each.name, `${each.run}`, `${each.all}`, percent(each).toFixed(1)];

const [checkout, children, build, write] = process.argv.slice(2);
if (checkout === undefined || children === undefined || build === undefined)
  throw new Error('usage: report.ts CHECKOUT CHILDREN BUILD [--write]');

const measured: readonly Lines[] = [await linesOfLib(checkout, children), linesOfNative(build)];
const totals = measured.map((lines, i) => share(['all of lib', 'all of native'][i] ?? '', lines));
const rows = measured.flatMap((lines, i) => [...folders(lines), ...totals.slice(i, i + 1)]).map(row);
const head = ['folder', 'lines run', 'lines', '%'];
for (const [file, lines] of measured.flatMap((each) => [...each]))
  if (missing(lines) !== '') console.log(`${file}: not run: ${missing(lines)}`);
console.log(`\n${table([head, ...rows])}`);
if (write === '--write') {
  const date = new Date().toISOString().slice(0, 10);
  const page = new URL('../../test/README.md', import.meta.url);
  replaceSection(page, 'coverage', `${date}, ${machine()}:\n\n${markdownTable([head, ...rows])}`);
}
const short = totals.filter((total) => percent(total) < LEAST);
for (const total of short)
  console.error(`${total.name}: ${percent(total).toFixed(1)} % of the lines are run, less than ${LEAST} %`);
process.exitCode = short.length === 0 ? 0 : 1;
