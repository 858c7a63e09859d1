/**
 * Measures what the guardian of a tree costs: a start with and without one, until the program has ended and until the
 * tree has; how long `killTree` takes; the guardian's memory. Rounds are interleaved.
 * `npm run bench -- tree [--rounds N] [--write]`; --write stores the results in bench/results and bench/README.md.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { run, type SpawnOptions, spawn, spawnSync } from '../dist/index.js';
import { compileC } from '../test/support/compile-c.js';
import { interleave, machine, markdownTable, replaceSection, type Spread, show, spread, table } from './measure.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '300' }, write: { type: 'boolean' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');

type Descendants = NonNullable<SpawnOptions['descendants']>;
const WAYS: readonly Descendants[] = ['leave', 'kill'];
const PROGRAMS = { true: '/bin/true', 'a static C program': compileC('../../bench/exit.c') };
/** Starts of programs for the memory of guardians. */
const GUARDIANS = 20;

/** Milliseconds from the call of `spawn` to an event of the child. */
function until(event: 'exit' | 'close', program: string, descendants: Descendants): () => Promise<number> {
  return async () => {
    const begin = performance.now();
    const child = spawn(program, [], 'docker-default', { descendants, stdio: 'ignore' });
    let time = 0;
    child.once(event, () => {
      time = performance.now() - begin;
    });
    // The next start is not to meet the end of this one.
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return time;
  };
}

function untilRun(program: string, descendants: Descendants): () => Promise<number> {
  return async () => {
    const begin = performance.now();
    await run(program, [], 'docker-default', { descendants });
    return performance.now() - begin;
  };
}

function untilSync(program: string, descendants: Descendants): () => Promise<number> {
  return async () => {
    const begin = performance.now();
    const { error, status } = spawnSync(program, [], 'docker-default', {
      descendants,
      stdio: 'ignore',
      timeout: 10_000,
    });
    if (status !== 0) throw error ?? new Error(`${program}: status ${status}`);
    return performance.now() - begin;
  };
}

/** Milliseconds from `killTree('SIGKILL')` to the end of a tree of two processes in two sessions. */
async function killing(): Promise<number> {
  const child = spawn('sh', ['-c', 'setsid sleep 60 & echo started; wait'], 'docker-default', { descendants: 'kill' });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const begin = performance.now();
  child.killTree('SIGKILL');
  await child.treeEnded;
  return performance.now() - begin;
}

type Timed = Readonly<Record<string, (descendants: Descendants) => () => Promise<number>>>;

function timed(): Timed {
  const programs = Object.entries(PROGRAMS);
  return {
    ...Object.fromEntries(
      programs.flatMap(([name, program]) => [
        [`spawn of ${name}, to exit`, (each: Descendants) => until('exit', program, each)],
        [`spawn of ${name}, to close`, (each: Descendants) => until('close', program, each)],
      ]),
    ),
    'spawnSync of true': (each) => untilSync(PROGRAMS.true, each),
    'run of true': (each) => untilRun(PROGRAMS.true, each),
    'run of node -e 0': (each) => async () => {
      const begin = performance.now();
      await run(process.execPath, ['-e', '0'], 'docker-default', { descendants: each });
      return performance.now() - begin;
    },
  };
}

/** The memory of the guardians of running children, in kB. */
async function memory(): Promise<{ resident: Spread; virtual: Spread }> {
  const children = Array.from({ length: GUARDIANS }, () =>
    spawn('sleep', ['60'], 'docker-default', { descendants: 'kill', stdio: 'ignore' }),
  );
  const sizes = children.map(({ pid = 0 }) => sizeOf(guardianOf(pid)));
  for (const child of children) child.killTree('SIGKILL');
  await Promise.all(children.map(({ treeEnded }) => treeEnded));
  return { resident: spread(sizes.map(({ rss }) => rss)), virtual: spread(sizes.map(({ vsz }) => vsz)) };
}

/** The guardian's command line ends with the process ID of the child, and whether it is adopted. */
function guardianOf(pid: number): string {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [command, , , child] = readOr(`/proc/${name}/cmdline`).split('\0');
    return command === 'seccomp-guardian' && child === String(pid);
  });
  if (found === undefined) throw new Error(`child ${pid} has no guardian`);
  return found;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process has ended.
  }
}

function sizeOf(pid: string): { rss: number; vsz: number } {
  const status = readOr(`/proc/${pid}/status`);
  const kB = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]);
  return { rss: kB('VmRSS'), vsz: kB('VmSize') };
}

async function measure() {
  const all = timed();
  const turns = Object.entries(all).flatMap(([name, make]) => WAYS.map((way) => [`${name}, ${way}`, make(way)]));
  const times = await interleave(Object.fromEntries([...turns, ['killTree', killing]]), rounds);
  const timeOf = (name: string) => times.get(name) ?? spread([]);
  return {
    machine: machine(),
    rounds,
    starts: Object.keys(all).map((name) => {
      const [left, killed] = [timeOf(`${name}, leave`), timeOf(`${name}, kill`)];
      return { name, left, killed, ratio: killed.median / left.median };
    }),
    killTree: timeOf('killTree'),
    memory: await memory(),
  };
}

const results = await measure();
const tables = [
  [
    ['from the call', 'without a guardian, ms', 'with a guardian, ms', 'ratio'],
    ...results.starts.map(({ name, left, killed, ratio }) => [name, show(left), show(killed), `${ratio.toFixed(2)}×`]),
  ],
  [
    ['a guardian', 'median (quartiles)'],
    ['killTree to the end of a tree of two processes, ms', show(results.killTree)],
    ['resident memory, kB', show(results.memory.resident)],
    ['virtual memory, kB', show(results.memory.virtual)],
  ],
];
const head = `On ${results.machine}; ${rounds} rounds; medians (quartiles).`;
console.log([head, ...tables.map(table)].join('\n\n'));
if (options.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/tree.json'), `${JSON.stringify(results, null, 1)}\n`);
  replaceSection(place('bench/README.md'), 'bench:tree', [head, ...tables.map(markdownTable)].join('\n\n'));
}
