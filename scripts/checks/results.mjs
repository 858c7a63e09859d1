/** The last result of each check: results.json, and the table of CONTRIBUTING.md that is made of it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS } from './table.mjs';

const FILE = join(import.meta.dirname, 'results.json');
const PAGE = 'CONTRIBUTING.md';

/** Results don't depend on where they are kept. */
const KEPT_IN = [`:(exclude)${PAGE}`, ':(exclude)scripts/checks/results.json'];

/**
 * @typedef {object} Result
 * @property {string} commit The commit that was checked.
 * @property {string} date
 * @property {number} passed
 * @property {number} failed
 * @property {number} minutes
 * @property {number} cpu Seconds.
 */

/** @returns {Record<string, Result>} */
const readResults = () => JSON.parse(readFileSync(FILE, 'utf8'));

/** @param {readonly string[]} args */
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/**
 * Whether a check has passed and nothing has changed since of what it depends on.
 * @param {import('./table.d.mts').Check} check
 */
export function isValid({ name, files = ['.'] }) {
  const result = readResults()[name];
  if (result === undefined || result.failed > 0) return false;
  // Also what is not committed. Git fails if the commit is unknown.
  return spawnSync('git', ['diff', '--quiet', result.commit, '--', ...files, ...KEPT_IN]).status === 0;
}

/**
 * Keeps the result of a check, unless the checkout has changes that are in no commit.
 * @param {import('./table.d.mts').Check} check
 * @param {{ passed: number, failures: readonly string[], minutes: number, cpu: number }} result
 */
export function keepResult({ name }, { passed, failures, minutes, cpu }) {
  if (git('status', '--porcelain', '--', '.', ...KEPT_IN) !== '') {
    console.log(`${name}: the result is not kept, since not all changes are committed`);
    return writeTable();
  }
  const result = {
    ...{ commit: git('rev-parse', '--short=8', 'HEAD'), date: new Date().toISOString().slice(0, 10) },
    ...{ passed, failed: failures.length, minutes: Number(minutes.toFixed(1)), cpu: Math.round(cpu) },
  };
  const kept = { ...readResults(), [name]: result };
  const ordered = CHECKS.flatMap((each) => (kept[each.name] ? [[each.name, kept[each.name]]] : []));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`);
  writeTable();
}

/** Writes the table of all checks into CONTRIBUTING.md. */
function writeTable() {
  const results = readResults();
  const rows = CHECKS.map((check) => {
    const { name, title, gate } = check;
    const result = results[name];
    const cells = result && [
      `${result.passed} passed${result.failed > 0 ? `, **${result.failed} failed**` : ''}`,
      ...[result.commit, result.minutes.toFixed(1), result.cpu],
    ];
    return `| \`${name}\` | ${title} | ${gate ? 'yes' : ''} | ${(cells ?? ['', '', '', '']).join(' | ')} |`;
  });
  const head =
    '| check | what | gate | result | commit | minutes | CPU seconds |\n| --- | --- | --- | --- | --- | ---: | ---: |';
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest = ''] = page.split('<!-- checks -->\n');
  const [, after = ''] = rest.split('<!-- /checks -->');
  writeFileSync(PAGE, `${before}<!-- checks -->\n\n${head}\n${rows.join('\n')}\n\n<!-- /checks -->${after}`);
}
