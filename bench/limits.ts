/**
 * Measures limits that are sampled: how far a program gets beyond a limit before it is ended, and the processor time of a
 * guardian that weighs its tree, for one tree and for several at once. Needs 16 GB of memory.
 * `npm run bench -- limits [--rounds N] [--write]`; --write stores the results in bench/results and docs/reference/limits.md.
 */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Limits, type SpawnOptions, spawn } from '../dist/index.js';
import { compileC } from '../test/support/compile-c.js';
import { machine, markdownTable, replaceSection, type Spread, show, spread, table } from './measure.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, write: { type: 'boolean' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');

const PAGE = 4096;
const MEBI = 2 ** 20;
/** Numbers of trees at once. */
const TREES = [1, 20] as const;
/** A limit, and the bound of the program itself, which keeps this machine usable. */
const MEMORY = { limit: 128, most: 640 }; // MiB
const PROCESSES = { limit: 64, most: 20_000 }; // Of all trees together.
/** Milliseconds for which the cost of guardians is measured. */
const COST_MS = 2_000;

const program = compileC('../../bench/limits-use.c');
const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** A file in which a program counts what it has used. */
class Count {
  static #files = 0;
  readonly path = join(directory, String(Count.#files++));

  constructor() {
    const file = openSync(this.path, 'w');
    ftruncateSync(file, PAGE);
    closeSync(file);
  }

  read(): number {
    return Number(readFileSync(this.path).readBigInt64LE());
  }
}

const begin = (use: string, count: Count, most: number, given: SpawnOptions) =>
  spawn(program, [use, count.path, String(most)], 'docker-default', { ...given, stdio: 'ignore' });

/** Starts programs at once, and waits for their ends. Returns what each has used. */
function passed(use: 'memory' | 'processes', trees: number, most: number, limits: Limits): Promise<readonly number[]> {
  const ends = Array.from({ length: trees }, async () => {
    const count = new Count();
    const child = begin(use, count, most, { limits: { ...limits, exact: false }, timeout: 60_000 });
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (child.limit !== use) throw new Error(`a program was not ended at its limit: ${child.limit}`);
    return count.read();
  });
  return Promise.all(ends);
}

/** Nanoseconds of processor time of all guardians of this process: proc_pid_schedstat(5). */
function guardianTime(): number {
  const own = readdirSync('/proc').filter((name) => /^\d/.test(name) && isGuardian(name));
  return own.reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]), 0);
}

function isGuardian(pid: string): boolean {
  try {
    const [, name, , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return name === 'seccomp-guard' && Number(parent) === process.pid;
  } catch {
    return false; // It has ended.
  }
}

/** Milliseconds of processor time that a guardian takes in a second. */
async function cost(trees: number, processes: number, limits: Limits | undefined): Promise<number> {
  const given: SpawnOptions = limits === undefined ? { descendants: 'kill' } : { limits: { ...limits, exact: false } };
  const counts = Array.from({ length: trees }, () => new Count());
  const children = counts.map((count) => begin('none', count, processes, given));
  const ends = children.map((child) => new Promise((resolve) => child.once('close', resolve)));
  const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
  while (counts.some((count) => count.read() < processes)) await pause(10);
  const [before, start] = [guardianTime(), performance.now()];
  await pause(COST_MS);
  const used = (guardianTime() - before) / 1e6 / ((performance.now() - start) / 1000) / trees;
  for (const child of children) child.killTree('SIGKILL');
  await Promise.all(ends);
  return used;
}

const ALL: Limits = { memory: '8G', processes: 4_000, cpu: 100 };
const COSTS: readonly (readonly [name: string, trees: number, processes: number, limits: Limits | undefined])[] = [
  ['a guardian that weighs nothing, 1 process', 1, 1, undefined],
  ['1 tree of 1 process, `memory`', 1, 1, { memory: '8G' }],
  ['1 tree of 1 process, all three limits', 1, 1, ALL],
  ['1 tree of 100 processes, all three limits', 1, 100, ALL],
  ['20 trees of 1 process, all three limits', 20, 1, ALL],
  ['20 trees of 20 processes, all three limits', 20, 20, ALL],
];

async function measure() {
  const beyond: { trees: number; memory: Spread; processes: Spread }[] = [];
  for (const trees of TREES) {
    const [memory, processes]: [number[], number[]] = [[], []];
    for (let round = 0; round < Math.ceil(rounds / trees ** 0.5); round++) {
      const pages = await passed('memory', trees, (MEMORY.most * MEBI) / PAGE, { memory: `${MEMORY.limit}M` });
      memory.push(...pages.map((count) => (count * PAGE) / MEBI - MEMORY.limit));
      const counts = await passed('processes', trees, PROCESSES.most / trees, { processes: PROCESSES.limit });
      processes.push(...counts.map((count) => count - PROCESSES.limit));
    }
    beyond.push({ trees, memory: spread(memory), processes: spread(processes) });
  }
  const costs: { name: string; cost: Spread }[] = [];
  for (const [name, trees, processes, limits] of COSTS) {
    const samples: number[] = [];
    for (let round = 0; round < Math.ceil(rounds / 6); round++) samples.push(await cost(trees, processes, limits));
    costs.push({ name, cost: spread(samples) });
  }
  const others = readdirSync('/proc').filter((name) => /^\d/.test(name)).length;
  return { machine: machine(), rounds, others, beyond, costs };
}

type Results = Awaited<ReturnType<typeof measure>>;

const tables = ({ beyond, costs }: Results) => [
  [
    [
      'trees at once',
      `beyond \`memory: '${MEMORY.limit}M'\`, MiB`,
      `beyond \`processes: ${PROCESSES.limit}\`, of a fork bomb that stops at ${PROCESSES.most.toLocaleString('en')} in all`,
    ],
    ...beyond.map(({ trees, memory, processes }) => [String(trees), show(memory), show(processes)]),
  ],
  [['guardian', 'ms of processor time in a second, each'], ...costs.map(({ name, cost: time }) => [name, show(time)])],
];

const results = await measure();
const head = `On ${results.machine}, with ${results.others} other processes; ${rounds} rounds; medians (quartiles).`;
console.log([head, ...tables(results).map(table)].join('\n\n'));
if (options.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/limits.json'), `${JSON.stringify(results, null, 1)}\n`);
  replaceSection(
    place('docs/reference/limits.md'),
    'bench:limits',
    [head, ...tables(results).map(markdownTable)].join('\n\n'),
  );
}
