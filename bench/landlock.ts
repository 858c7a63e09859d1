/**
 * Measures the option `paths`: a ruleset, which is made once; its check, which each further start makes; the start of a
 * program under it, next to a start without paths and to bwrap with the same directories; and open(2) under it. Rounds
 * are interleaved. `npm run bench -- landlock [--rounds N] [--write]`; --write stores the results in bench/results and
 * docs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type SpawnSyncOptions, spawnSync } from '../dist/index.js';
import { readPaths } from '../lib/landlock/paths/option.js';
import { makeRuleset } from '../lib/landlock/paths/ruleset.js';
import { pathsSupport } from '../lib/landlock/paths/support.js';
import { findNeeds } from '../lib/landlock/programs/program-needs.js';
import { addon } from '../lib/native.js';
import { compileC } from '../test/support/compile-c.js';
import { interleave, machine, markdownTable, replaceSection, type Spread, show, spread, table } from './measure.js';
import { command, filterFile, orNull, vfork } from './spawn-peers.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '300' }, write: { type: 'boolean' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');

type Paths = NonNullable<SpawnSyncOptions['paths']>;

/** Numbers of granted directories. */
const COUNTS = [0, 5, 20, 50] as const;
/** The directories that bwrap mounts. */
const MOUNTED = 20;
/** Checks of a ruleset in one sample: one takes a few microseconds. */
const CHECKS = 20;
const DEPTHS = [3, 10] as const;
/** Of Debian and its like on x86_64. */
const LIBRARIES = ['/lib', '/lib64', '/usr/lib'];

const base = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(base, { recursive: true }));
const program = compileC('../../bench/exit.c');

/** Directories that lie side by side, at depth 4. */
const directories = Array.from({ length: Math.max(...COUNTS) }, (_, i) => join(base, 'granted', String(i)));
for (const directory of directories) mkdirSync(directory, { recursive: true });

const granted = (count: number): Paths => ({ read: directories.slice(0, count) });

/** Makes what `spawn` makes for a program that this user starts in the working directory. */
function ruleset(paths: Paths) {
  const directory = process.cwd();
  return makeRuleset({
    paths: readPaths(paths),
    handled: pathsSupport().rights,
    scoped: 0,
    directory,
    needs: findNeeds([program], directory).needs,
    files: [],
    isNode: false,
    tmp: undefined,
  });
}

/** Milliseconds of one of several calls in a row. */
function timed(call: () => unknown, times = 1): () => Promise<number> {
  return async () => {
    const begin = performance.now();
    for (let i = 0; i < times; i++) call();
    return (performance.now() - begin) / times;
  };
}

function start(file: string, args: readonly string[], given: SpawnSyncOptions): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, 'docker-default', { ...given, encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`${file}: status ${status}: ${stderr}`);
  return String(stdout);
}

const started = (given: SpawnSyncOptions, file = program) =>
  timed(() => start(file, [], { stdio: 'ignore', ...given }));

/** Sets of paths by how they are named in the tables. */
const SETS: Readonly<Record<string, Paths>> = {
  ...Object.fromEntries(COUNTS.map((count) => [`${count} paths`, granted(count)])),
  '@system': { read: ['@system'] },
  '@system, @node': { read: ['@system', '@node'] },
};

const ALONE = 'the filter alone';
const STARTS = {
  [ALONE]: started({ isolate: false }),
  'isolation, no paths': started({}),
  ...Object.fromEntries(Object.entries(SETS).map(([name, paths]) => [name, started({ paths })])),
  '20 paths and @tmp': started({ paths: { read: [...(granted(20).read ?? []), '@tmp'] } }),
};

/** The same of a program that is linked dynamically. Directories of its libraries are among the 20 paths. */
const DYNAMIC = 'true, the filter alone';
const DYNAMIC_STARTS = {
  [DYNAMIC]: started({ isolate: false }, '/bin/true'),
  'true, 20 paths': started({ paths: { read: [...(granted(17).read ?? []), ...LIBRARIES] } }, '/bin/true'),
};

/** bwrap with the same filter, in which the same directories and the program are mounted for reading. */
function bwrap() {
  const binds = [...directories.slice(0, MOUNTED), program].flatMap((path) => ['--ro-bind', path, path]);
  return command('bwrap', [...binds, '--seccomp', '3', program], filterFile());
}

async function startsAndRulesets() {
  const c = vfork(program);
  const mount = orNull(`bwrap --ro-bind for the 20 paths`, bwrap);
  const made = Object.entries(SETS).map(([name, paths]) => ({ name, paths, handle: ruleset(paths) }));
  const times = await interleave(
    {
      ...(mount === null ? {} : { [mount.name]: mount.once }),
      [c.bare.name]: c.bare.once,
      [c.filtered.name]: c.filtered.once,
      ...Object.fromEntries(made.map(({ name, paths }) => [`make ${name}`, timed(() => ruleset(paths))])),
      ...Object.fromEntries(
        made.map(({ name, handle }) => [`check ${name}`, timed(() => addon().isCurrent(handle), CHECKS)]),
      ),
      ...STARTS,
      ...DYNAMIC_STARTS,
    },
    rounds,
  );
  c.bare.end?.();
  c.filtered.end?.();
  const timeOf = (name: string) => times.get(name) ?? spread([]);
  const [plain, alone] = [timeOf(c.bare.name).median, timeOf(ALONE).median];
  const names = [c.bare.name, c.filtered.name, ...Object.keys(STARTS), ...(mount === null ? [] : [mount.name])];
  const relativeTo = (base: number, name: string) => ({
    name,
    time: timeOf(name),
    ofAlone: timeOf(name).median / base,
  });
  return {
    starts: [
      ...names.map((name) => relativeTo(alone, name)),
      ...Object.keys(DYNAMIC_STARTS).map((name) => relativeTo(timeOf(DYNAMIC).median, name)),
    ],
    rulesets: made.map(({ name }) => {
      const [make, check] = [timeOf(`make ${name}`), timeOf(`check ${name}`)];
      return { name, make, check, ofC: make.median / plain };
    }),
  };
}

/** A file at each depth, all beneath the directory that is granted. */
function filesAtDepths(): readonly string[] {
  const above = base.split('/').length - 1;
  return DEPTHS.map((depth) => {
    const folder = join(base, ...Array.from({ length: depth - above - 1 }, (_, i) => `d${i}`));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    return file;
  });
}

/** Nanoseconds of open(2) and close(2) at each depth, without a domain and with several rules, of which one is used. */
function opens() {
  const files = filesAtDepths();
  const measure = compileC('../../bench/open-cost.c');
  const domains: Readonly<Record<string, SpawnSyncOptions>> = {
    'no domain': { isolate: false },
    ...Object.fromEntries(
      [5, 50].map((count) => [`${count} rules`, { paths: { read: [base, ...directories.slice(0, count - 2)] } }]),
    ),
  };
  const samples = new Map<string, number[][]>();
  const passes = Math.ceil(rounds / 20);
  for (let pass = 0; pass < passes; pass++) {
    for (const [name, given] of Object.entries(domains)) {
      const lines = start(measure, ['5', ...files], given)
        .trim()
        .split('\n');
      const known = samples.get(name) ?? lines.map(() => []);
      samples.set(name, known);
      for (const [i, line] of lines.entries()) known[i]?.push(...line.trim().split(' ').map(Number));
    }
  }
  return [...samples].map(([name, times]) => ({ name, times: times.map(spread) }));
}

async function run() {
  return { machine: machine(), rounds, ...(await startsAndRulesets()), opens: opens() };
}

type Results = Awaited<ReturnType<typeof run>>;

const times1000 = ({ median, low, high }: Spread): Spread => ({
  median: median * 1000,
  low: low * 1000,
  high: high * 1000,
});

function tables({ starts, rulesets, opens: opened }: Results): readonly (readonly (readonly string[])[])[] {
  return [
    [
      ['from the call to the exit of the program', 'ms', 'relative to the filter alone'],
      ...starts.map(({ name, time, ofAlone }) => [name, show(time), `${ofAlone.toFixed(3)}×`]),
    ],
    [
      ['ruleset', 'made, µs', 'relative to a start in C', 'checked, µs'],
      ...rulesets.map(({ name, make, check, ofC }) => [
        name,
        show(times1000(make)),
        `${ofC.toFixed(3)}×`,
        show(times1000(check)),
      ]),
    ],
    [
      ['open and close', ...DEPTHS.map((depth) => `depth ${depth}, ns`)],
      ...opened.map(({ name, times }) => [name, ...times.map(show)]),
    ],
  ];
}

const results = await run();
const head = `On ${results.machine}; ${rounds} rounds; medians (quartiles).`;
console.log([head, ...tables(results).map(table)].join('\n\n'));
if (options.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/landlock.json'), `${JSON.stringify(results, null, 1)}\n`);
  const text = [head, ...tables(results).map(markdownTable)].join('\n\n');
  replaceSection(place('bench/README.md'), 'bench:landlock', text);
}
