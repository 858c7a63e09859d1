/** The last result of each check: results.json, and the table of CONTRIBUTING.md that is made of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { CHECKS } from './table.mjs';

const FILE = join(import.meta.dirname, 'results.json');
const PAGE = 'CONTRIBUTING.md';

/** @param {readonly string[]} files */
const without = (...files) => files.map((file) => `:(exclude)${file}`);

/** What keeps the results, on which they don't depend. */
const KEPT_IN = without(PAGE, 'scripts/checks/results.json');
/** A check depends on its own command, not on the rest of the table. test/docs/contributing.test.ts, in the gate, has both files. */
const TABLE = without('scripts/checks/results.mjs', 'scripts/checks/table.mjs');

/** Test files that are run only by checks that name them. */
const EXTENDED = 'test/extended';

/** The page without its table: commands and packages of some checks are in it. @param {string} page */
const withoutTable = (page) => page.replace(/<!-- checks -->.*<!-- \/checks -->/s, '');

/**
 * @typedef {object} Result
 * @property {string} commit The commit that was checked.
 * @property {string} run The command of the check.
 * @property {string} date
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} minutes
 * @property {number} cpu Seconds.
 * @property {string} seed That of random inputs: SECCOMP_TEST_SEED.
 * @property {string} machine
 * @property {readonly string[]} [failedIn] The test files in which something failed; undefined if something else has.
 * @property {{ files: number, passed: number }} [repeated] What was run again of the check, at its commit.
 */

/** @returns {Record<string, Result>} */
const readResults = () => JSON.parse(readFileSync(FILE, 'utf8'));

/** @param {readonly string[]} args */
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** @param {readonly string[]} args Of a command of Git that lists files. */
const gitFiles = (...args) =>
  git(...args)
    .split('\n')
    .filter((file) => file !== '');

/**
 * The test files that alone depend on a file: a test file itself, or, for a page, all that name something in a folder docs/.
 * Undefined for other files.
 * @param {string} file
 * @returns {readonly string[] | undefined}
 */
function testsOf(file) {
  if (/^native\/test\/\w+_test\.cc$/.test(file)) return ['test/native/units.test.ts'];
  if (/^docs\/.*\.md$/.test(file)) return gitFiles('grep', '-l', 'docs/', '--', 'test/*.test.ts');
  return isTest(file) ? [file] : undefined;
}

/** @param {string} file */
const isTest = (file) => /^test\/.*\.test\.ts$/.test(file);

/**
 * The files that have changed since a result, of those on which the check depends: also those that are in no commit. A file of
 * tests, or of pages, counts if the check runs its tests. Undefined if its commit is unknown, or its command or the page has changed.
 * @param {import('./table.d.mts').Check} check
 */
function changedSince({ name, run: command, files, tests = ['test'] }) {
  const { commit = '', run } = readResults()[name] ?? {};
  if (run !== command || spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`]).status !== 0) return undefined;
  if (withoutTable(git('show', `${commit}:${PAGE}`)) !== withoutTable(readFileSync(PAGE, 'utf8').trim()))
    return undefined;
  const paths = [...(files ?? ['.']), ...KEPT_IN, ...TABLE];
  const changed = [
    ...gitFiles('diff', '--name-only', '--no-renames', commit, '--', ...paths),
    ...gitFiles('ls-files', '--others', '--exclude-standard', '--', ...paths),
  ];
  /** @param {string} test */
  const isRun = (test) =>
    tests.some((path) => `${test}/`.startsWith(`${path}/`) && test.startsWith(EXTENDED) === path.startsWith(EXTENDED));
  return changed.filter((file) => testsOf(file)?.some(isRun) ?? true);
}

/**
 * Whether a result is older than the days that a check allows.
 * @param {import('./table.d.mts').Check} check
 * @param {string} date That of the result.
 * @param {number} [now]
 */
export function isExpired({ days = Number.POSITIVE_INFINITY }, date, now = Date.now()) {
  return now - Date.parse(date) > days * 86_400_000;
}

/**
 * Whether a check has passed, not too long ago, and nothing has changed since of what it depends on.
 * @param {import('./table.d.mts').Check} check
 */
export function isValid(check) {
  const result = readResults()[check.name];
  return result?.failed === 0 && !isExpired(check, result.date) && changedSince(check)?.length === 0;
}

/**
 * The test files that a check has to repeat: those that failed in its last result, or have changed since. Tests that check other
 * tests give the same result on every system, and the gate runs them. Undefined if the whole check has to run.
 * @param {import('./table.d.mts').Check} check
 * @returns {readonly string[] | undefined}
 */
export function testsToRepeat(check) {
  const { failedIn } = readResults()[check.name] ?? {};
  const changed = changedSince(check)?.map(testsOf);
  if (!check.repeats || failedIn === undefined || !changed?.every((tests) => tests !== undefined)) return undefined;
  return [...new Set([...changed.flat(), ...failedIn])].filter((file) => existsSync(file));
}

/**
 * The test files in which something failed. Undefined if something else has.
 * @param {readonly string[]} failures Each begins with the file of the test.
 */
function testFilesOf(failures) {
  const files = failures.map((failure) => /^test\/\S+\.test\.ts(?=[:\n])/.exec(failure)?.[0]);
  return files.every((file) => file !== undefined) ? [...new Set(files)] : undefined;
}

/** The commit that is checked. Undefined if the checkout has changes that are in no commit. */
export function commitOfCheckout() {
  const isClean = git('status', '--porcelain', '--', '.', ...KEPT_IN) === '';
  return isClean && withoutTable(git('show', `HEAD:${PAGE}`)) === withoutTable(readFileSync(PAGE, 'utf8').trim())
    ? git('rev-parse', '--short=8', 'HEAD')
    : undefined;
}

/**
 * Keeps the result of a check of a commit, if the checkout is still of this commit.
 * @param {import('./table.d.mts').Check} check
 * @param {string | undefined} commit
 * @param {{ passed: number, skipped: number, failures: readonly string[], minutes: number, cpu: number }} result
 * @param {readonly string[]} [repeated] The test files, if only these were run.
 */
export function keepResult({ name, run }, commit, { passed, skipped, failures, minutes, cpu }, repeated) {
  if (commit === undefined || commitOfCheckout() !== commit) {
    console.log(`${name}: the result is not kept: the checkout was not of the same commit all the time`);
    return writeTable();
  }
  const before = readResults();
  const whole = {
    ...{ passed, skipped, minutes: Number(minutes.toFixed(1)), cpu: Math.round(cpu) },
    ...{ seed: process.env['SECCOMP_TEST_SEED'] ?? '1', machine: machine() },
  };
  const result = {
    ...(repeated === undefined ? whole : { ...before[name], repeated: { files: repeated.length, passed } }),
    ...{
      commit,
      run,
      date: new Date().toISOString().slice(0, 10),
      failed: failures.length,
      failedIn: testFilesOf(failures),
    },
  };
  const kept = { ...before, [name]: result };
  const ordered = CHECKS.flatMap((each) => (kept[each.name] ? [[each.name, kept[each.name]]] : []));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`);
  writeTable();
}

const machine = () =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.versions.node}`;

/**
 * @param {import('./table.d.mts').Check} check
 * @param {Result} result
 */
function wordsFor(check, { passed, failed, skipped, repeated }) {
  const parts = [`${passed} passed`];
  if (repeated !== undefined) parts.push(`${repeated.passed} in ${repeated.files} files again`);
  if (failed > 0) parts.push(`**${failed} failed**`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (failed === 0 && !isValid(check)) parts.push('out of date');
  return parts.join(', ');
}

/** Writes the table of all checks into CONTRIBUTING.md. */
function writeTable() {
  const results = readResults();
  const rows = CHECKS.map((check) => {
    const { name, title, gate } = check;
    const result = results[name];
    const cells = result && [wordsFor(check, result), result.commit, result.minutes.toFixed(1), result.cpu];
    return `| \`${name}\` | ${title} | ${gate ? 'yes' : ''} | ${(cells ?? ['', '', '', '']).join(' | ')} |`;
  });
  const head =
    '| check | what | gate | result | commit | minutes | CPU seconds |\n| --- | --- | --- | --- | --- | ---: | ---: |';
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest = ''] = page.split('<!-- checks -->\n');
  const [, after = ''] = rest.split('<!-- /checks -->');
  writeFileSync(PAGE, `${before}<!-- checks -->\n\n${head}\n${rows.join('\n')}\n\n<!-- /checks -->${after}`);
}
