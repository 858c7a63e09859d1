/**
 * Small changes of lib/ and native/ that some test must notice: mutants. `npm run mutants -- COMMAND [LIST…]`:
 *
 *   run    runs the tests of its folder on each mutant of these lists, such as lib-policy, or of all; --suite: then the others;
 *          --again: also those that were killed before
 *   score  prints how many were killed
 *   make   fills the lists: scripts/mutants/lists/
 *
 * Results are kept in node_modules/.cache, so `run` goes on where it was ended. It fails if a list is killed to less than 92 %.
 * Run by root, it works in a PID namespace of its own: a mutant may send its signals to every process that it sees.
 */
import { spawnSync } from 'node:child_process';
import { idOf, listNames, readList } from './list.js';
import { makeLists } from './make.js';
import { readResults, runList } from './run.js';

/** The least share of a list that tests must kill, in percent. */
const LEAST = 92;

const [command, ...rest] = process.argv.slice(2);
const options = rest.filter((each) => each.startsWith('--'));
const given = rest.filter((each) => !each.startsWith('--'));
const names = given.length > 0 ? given : listNames();
const unknown = [
  ...options.filter((each) => each !== '--suite' && each !== '--again'),
  ...given.filter((each) => command !== 'make' && !listNames().includes(each)),
];

if (!['run', 'score', 'make'].includes(command ?? '') || unknown.length > 0) {
  console.error(
    `usage: mutants.ts run [--suite] [--again] | score | make [LIST…]${unknown.map((each) => `\nunknown: ${each}`).join('')}`,
  );
  process.exit(2);
}
if (command === 'make') makeLists(given);
if (command === 'run' && process.getuid?.() === 0 && process.pid !== 1) {
  const namespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.exit(spawnSync('unshare', [...namespace, ...self], { stdio: 'inherit' }).status ?? 1);
}
if (command === 'run')
  for (const name of names)
    await runList(name, { suite: options.includes('--suite'), again: options.includes('--again') });
if (command !== 'make') process.exitCode = printScores() ? 0 : 1;
process.exit();

function printScores(): boolean {
  const results = readResults();
  let isEnough = true;
  for (const name of names) {
    const mutants = readList(name).filter(({ equivalent }) => equivalent === undefined);
    const outcomes = mutants.map((mutant) => results[idOf(mutant)]?.outcome ?? 'not run');
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    const valid = mutants.length - count('invalid');
    const percent = (100 * count('killed')) / Math.max(1, valid);
    if (percent < LEAST) isEnough = false;
    console.log(
      `${name}: ${count('killed')} of ${valid} killed (${percent.toFixed(0)} %), ${count('survived')} survived, ${count('gone')} gone, ${count('not run')} not run`,
    );
  }
  return isEnough;
}
