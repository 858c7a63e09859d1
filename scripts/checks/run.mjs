/**
 * Runs checks of table.mjs one after another, and adds up the results of their tests.
 *
 * run.mjs gate     the gate: .ci/run
 * run.mjs          all whose results are out of date: `npm run check:all`
 * run.mjs NAME…    these
 * run.mjs --list   prints the names
 *
 * The last line is `N passed, N failed`; the failures are listed above it. Results are kept in results.json and
 * put into the table of CONTRIBUTING.md, except the gate's. This file needs no installed package: the first check of the gate installs
 * them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { commitOfCheckout, isValid, keepResult, testsToRepeat } from './results.mjs';
import { CHECKS } from './table.mjs';

process.chdir(resolve(import.meta.dirname, '../..'));

/** CPU seconds of the children that this process has waited for: cutime and cstime of proc_pid_stat(5), in 1/100 s. */
function cpuSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** @param {string} file */
const linesOf = (file) =>
  stripVTControlCharacters(readFileSync(file, 'utf8'))
    .split('\n')
    .filter((line) => line.trim() !== '');

/**
 * What the runs of tests in a check wrote.
 * @param {string} directory
 */
function readResults(directory) {
  const runs = readdirSync(directory).map((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    try {
      return JSON.parse(text);
    } catch (error) {
      return {
        passed: 0,
        skipped: 0,
        failures: [{ test: 'the results of a run', message: `${error}: ${text.slice(0, 200)}` }],
      };
    }
  });
  return {
    count: runs.length,
    passed: runs.reduce((sum, { passed }) => sum + passed, 0),
    skipped: runs.reduce((sum, { skipped }) => sum + skipped, 0),
    failures: runs.flatMap(({ failures }) => failures.map(({ test, message }) => `${test}\n${message}`)),
  };
}

/** @param {number} ms */
const minutes = (ms) => `${(ms / 60_000).toFixed(1)} min`;

/**
 * Runs one check. Its tests are counted one by one; a check without tests counts as one.
 * @param {import('./table.d.mts').Check} check
 * @param {readonly string[] | undefined} repeated The test files to which it is restricted.
 */
async function runCheck({ name, packages = [], run }, repeated) {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-check-'));
  const results = mkdtempSync(join(directory, 'results-'));
  // Users of containers and of tests that change theirs write here too.
  chmodSync(directory, 0o755);
  chmodSync(results, 0o1777);
  const log = join(directory, 'log');
  const output = openSync(log, 'w');
  const started = Date.now();
  const cpu = cpuSeconds();
  const progress = setInterval(() => {
    console.log(`   ${name}: ${minutes(Date.now() - started)}: ${linesOf(log).at(-1)?.slice(0, 100) ?? ''}`);
  }, 60_000);
  try {
    const command = `. scripts/checks/functions.sh && install ${packages.join(' ')} && { ${run}\n}`;
    const child = spawn('bash', ['-c', command], {
      stdio: ['ignore', output, output],
      env: {
        ...process.env,
        SECCOMP_TEST_RESULTS: results,
        ...(repeated && { SECCOMP_TEST_FILES: repeated.join(' ') }),
      },
    });
    const [code, signal] = await once(child, 'exit');
    clearInterval(progress);
    const { count, passed, skipped, failures } = readResults(results);
    if (code !== 0 && failures.length === 0)
      failures.push(`ended with ${signal ?? code}\n${linesOf(log).slice(-15).join('\n')}`);
    if (repeated === undefined && count > 0 && passed + failures.length === 0) failures.push('no test was run');
    console.log(linesOf(log).slice(-30).join('\n'));
    return {
      passed: count > 0 || failures.length > 0 ? passed : 1,
      skipped,
      failures,
      minutes: (Date.now() - started) / 60_000,
      cpu: cpuSeconds() - cpu,
    };
  } finally {
    clearInterval(progress);
    closeSync(output);
    rmSync(directory, { recursive: true });
  }
}

/** @param {readonly string[]} words */
function select(words) {
  if (words[0] === 'gate' && words.length === 1) return CHECKS.filter(({ gate }) => gate);
  if (words.length === 0) return CHECKS.filter((check) => !check.named && !isValid(check));
  const unknown = words.find((word) => !CHECKS.some(({ name }) => name === word));
  if (unknown === undefined) return CHECKS.filter(({ name }) => words.includes(name));
  console.error(`run.mjs: there is no check "${unknown}": --list prints the names`);
  process.exit(2);
}

const words = process.argv.slice(2);
if (words[0] === '--list') {
  for (const { name, title, gate } of CHECKS) console.log(`${name.padEnd(14)}${gate ? 'gate  ' : '      '}${title}`);
  process.exit();
}
const isGate = words.join() === 'gate';
if (!isGate) {
  process.env['SECCOMP_TEST_SEED'] ??= String(Math.floor(Date.now() / 1000));
  console.log(`SECCOMP_TEST_SEED=${process.env['SECCOMP_TEST_SEED']}`);
}
const checks = select(words);
let passed = 0;
/** @type {string[]} */
const failed = [];
for (const [index, check] of checks.entries()) {
  // A check that is named runs whole.
  const repeated = words.length === 0 ? testsToRepeat(check) : undefined;
  console.log(`== ${check.name}: ${check.title} (${index + 1} of ${checks.length})`);
  if (repeated !== undefined) console.log(`   only ${repeated.join(' ')}`);
  const commit = isGate ? undefined : commitOfCheckout();
  const result = await runCheck(check, repeated);
  console.log(
    `== ${check.name}: ${result.failures.length === 0 ? 'passed' : 'failed'}, ${result.minutes.toFixed(1)} min, ${Math.round(result.cpu)} s of CPU`,
  );
  for (const failure of result.failures) console.log(`   ${failure.split('\n')[0]}`);
  passed += result.passed;
  failed.push(...result.failures.map((failure) => `${check.name}: ${failure}`));
  if (!isGate) keepResult(check, commit, result, repeated);
}
for (const failure of failed) console.log(`\nFAILED ${failure.slice(0, 2000)}`);
console.log(`\n${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
