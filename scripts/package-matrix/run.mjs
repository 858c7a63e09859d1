/**
 * Installs the packed tarball as its users do, runs the main job, and prints a table of the results: `npm run test:package`.
 *
 *     --only TEXT     only the rows whose name or version has this text at the start of a word; may be repeated
 *     --quick         only the rows that the gate runs
 *     --tarball FILE  another tarball than out/seccomp-VERSION.tgz
 *     --list          prints the names of the rows
 *
 * Exits with 1 if a row has failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeResults } from '../checks/write-results.mjs';
import { managers } from './managers.mjs';
import { measures, others } from './measures.mjs';
import { musl } from './musl.mjs';
import { programs } from './programs.mjs';
import { Failure, Project } from './project.mjs';

const root = resolve(import.meta.dirname, '../..');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    tarball: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

/** A row's text that `--only` is compared with, from the start of a word on: `npm 12` does not select `pnpm 12`. */
const words = (text) => ` ${text.toLowerCase()}`;

const isSelected = ({ what, version, quick }) =>
  (quick || !options.quick) &&
  (options.only.length === 0 || options.only.some((text) => words(`${what} ${version}`).includes(words(text))));

/** Runs a row in a project of its own. */
async function runRow(row, tarball) {
  if (row.reason !== undefined) return { result: 'not run', detail: row.reason };
  let project;
  try {
    project = new Project(tarball, row.tools);
    return { result: 'passed', detail: (await row.run(project)) ?? '' };
  } catch (error) {
    const detail = error instanceof Failure ? error.message : String(error.stack);
    return { result: 'failed', detail };
  } finally {
    project?.remove();
  }
}

function printTable(rows) {
  const cells = rows.map(({ what, version, result, detail }) => [
    what,
    version,
    result,
    detail.split('\n')[0].slice(0, 70),
  ]);
  const table = [['what', 'version', 'result', ''], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  console.log(`\n${line(table[0])}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`);
  for (const row of cells) console.log(line(row));
}

function findTarball() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = resolve(options.tarball ?? join(root, `out/seccomp-${version}.tgz`));
  if (existsSync(file)) return file;
  console.error(`package-matrix: no ${file}: run \`npm run package\` first`);
  process.exit(2);
}

const rows = [...managers, ...programs, musl, ...measures, ...others].filter(isSelected);
if (options.list) {
  for (const { what, version } of rows) console.log(`${what} ${version}`.trimEnd());
  process.exit();
}
if (rows.length === 0) {
  console.error('package-matrix: no row has this name: `--list` prints the names');
  process.exit(2);
}

const tarball = findTarball();
const results = [];
for (const row of rows) {
  const start = performance.now();
  process.stdout.write(`${row.what} ${row.version} … `);
  const result = await runRow(row, tarball);
  console.log(`${result.result} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  results.push({ ...row, ...result });
}

printTable(results);
const failed = results.filter(({ result }) => result === 'failed');
for (const { what, version, detail } of failed) console.log(`\nFAILED ${what} ${version}: ${detail}`);
const passed = results.filter(({ result }) => result === 'passed').length;
const skipped = results.length - passed - failed.length;
console.log(`\n${passed} passed, ${failed.length} failed, ${skipped} not run`);
writeResults({
  passed,
  skipped,
  failures: failed.map(({ what, version, detail }) => ({ test: `${what} ${version}`, message: detail })),
});
process.exitCode = failed.length === 0 ? 0 : 1;
