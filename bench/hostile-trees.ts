/**
 * Measures how long hostile trees take to end: many at once, which ignore signals, and some that starve their guardians of CPU
 * time. Fails if anything is left of them. All run in PID namespaces where there are some. Rounds are interleaved.
 * `npm run bench -- hostile-trees [--rounds N] [--write]`; --write stores the results in bench/results and bench/README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Attacker, attack } from '../test/adversary/tree/attackers.js';
import { machine, markdownTable, replaceSection, show, spread, table } from './measure.js';

const { values: given } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, write: { type: 'boolean' } },
});
const rounds = Number(given.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');

/** Milliseconds after which SIGKILL follows an ignored SIGTERM. */
const AFTER = 500;
/** A user that has no other processes, which would count for its limit. */
const USER = 54_321;
const ATTACKERS: readonly Attacker[] =
  process.getuid?.() === 0
    ? [
        { who: 'an ordinary user', user: USER, options: {} },
        { who: 'root with other uids', user: undefined, options: { uid: USER, gid: USER } },
      ]
    : [{ who: 'an ordinary user', user: undefined, options: {} }];

interface Load {
  readonly name: string;
  readonly trees: number;
  /** Processes of each tree. */
  readonly most: number;
  /** What they do when they are as many. */
  readonly does: 'wait' | 'fork';
}

/** 200 trees that fork without pause leave no CPU time to anything on a small machine, this process included. */
const LOADS: readonly Load[] = [
  { name: 'fork up to their limit and wait', trees: 200, most: 10, does: 'wait' },
  { name: 'fork without pause', trees: 20, most: 10, does: 'fork' },
];

/** Processes of the user that are in no tree, threads included. */
const OTHERS = 40;

interface Burst {
  readonly count: number;
  readonly time: number;
  readonly delay: number;
  readonly left: Readonly<Record<string, number>>;
}

/** Ends the trees of a load once. */
function burst(attacker: Attacker, { trees, most, does }: Load): Burst {
  const limit = attacker.options['uid'] === undefined ? trees * most + OTHERS : most + 1;
  const args = does === 'wait' ? ['fill', String(most)] : ['bomb', String(most), String(limit)];
  const result = run<Burst>('burst', attacker, { trees, args, after: AFTER });
  if (Object.values(result.left).some((count) => count !== 0)) throw new Error(`left: ${JSON.stringify(result.left)}`);
  return result;
}

const SPINNERS = '100';
const SCHEDULING = ['SCHED_IDLE', 'priority', 'priority of its group', 'priority of its user', 'affinity'].map(
  (way) => `scheduling: ${way}`,
);
const WAYS = [...SCHEDULING, 'oom_score_adj', 'autogroup'];

/** Attacks by the names of their rows: the arguments of `tree spin`. The spinners of the last ones have each a session. */
const ATTACKS: Readonly<Record<string, readonly string[]>> = {
  'one process': ['0', '0'],
  [`${SPINNERS} spinners on the guardian's CPU`]: [SPINNERS, '0'],
  ...Object.fromEntries(WAYS.map((way) => [`${way}, and ${SPINNERS} spinners`, [SPINNERS, '0', way]])),
  [`all of these`]: [SPINNERS, '0', ...WAYS],
  [`all of these, and each spinner in its own session`]: [SPINNERS, '1', ...WAYS],
};

interface Starved {
  readonly time: number;
  /** The ways that have failed. */
  readonly failed: readonly string[];
}

const starve = (attacker: Attacker) =>
  run<readonly Starved[]>('starve', attacker, {
    attacks: Object.values(ATTACKS).map((args) => ['spin', ...args]),
  });

function run<Result>(script: string, attacker: Attacker, settings: object): Result {
  const result = attack<Result>(new URL(`hostile-trees/${script}.mjs`, import.meta.url).href, attacker, settings);
  if (result === undefined) throw new Error(`${script}.mjs could not run`);
  return result;
}

/** Measures all in turn. */
function measure() {
  const bursts = ATTACKERS.flatMap((attacker) => LOADS.map((load) => ({ attacker, load, results: [] as Burst[] })));
  const starving = ATTACKERS.map((attacker) => ({ attacker, results: [] as (readonly Starved[])[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { attacker, load, results } of bursts) results.push(burst(attacker, load));
    for (const { attacker, results } of starving) results.push(starve(attacker));
  }
  return {
    machine: machine(),
    rounds,
    autogroups: hasAutogroups(),
    bursts: bursts.map(({ attacker: { who }, load, results }) => ({
      ...{ who, ...load, processes: spread(results.map(({ count }) => count)) },
      time: spread(results.map(({ time }) => time)),
      delay: spread(results.map(({ delay }) => delay)),
    })),
    attacks: Object.keys(ATTACKS).map((name, i) => ({
      name,
      times: starving.map(({ results }) => spread(results.map((each) => each[i]?.time ?? Number.NaN))),
      failed: starving.map(({ results }) => results[0]?.[i]?.failed ?? []),
    })),
  };
}

/** Whether the kernel shares CPU time among sessions first. */
function hasAutogroups(): boolean {
  try {
    return readFileSync('/proc/sys/kernel/sched_autogroup_enabled', 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

type Results = ReturnType<typeof measure>;

function tables({ bursts, attacks }: Results): readonly (readonly (readonly string[])[])[] {
  return [
    [
      [
        'trees that ignore signals',
        'processes',
        `end after the ${AFTER} ms, ms`,
        'longest delay of the event loop, ms',
      ],
      ...bursts.map(({ who, name, trees, processes, time, delay }) => [
        `${who}: ${trees} trees that ${name}`,
        ...[String(processes.median), show(time), show(delay)],
      ]),
    ],
    [
      ['from SIGKILL to the end of the tree', ...ATTACKERS.map(({ who }) => `${who}, ms`)],
      ...attacks.map(({ name, times }) => [name, ...times.map(show)]),
    ],
  ];
}

const results = measure();
const { autogroups } = results;
const head = `On ${results.machine}, autogroups ${autogroups ? 'on' : 'off'}; ${rounds} rounds; medians (quartiles).`;
console.log([head, ...tables(results).map(table)].join('\n\n'));
if (given.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/hostile-trees.json'), `${JSON.stringify(results, null, 1)}\n`);
  replaceSection(
    place('bench/README.md'),
    'bench:hostile-trees',
    [head, ...tables(results).map(markdownTable)].join('\n\n'),
  );
}
