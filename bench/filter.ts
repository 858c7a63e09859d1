/**
 * Compares our filters with libseccomp's in both its modes: the time to compile, to attach, and of calls. Rounds are
 * interleaved. Needs a C compiler and libseccomp-dev.
 * `npm run bench -- filter [--rounds N] [--only NAME] [--write]`; --write stores the results in bench/results and docs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeInstructions, encodeInstructions, type Instruction } from '../lib/filter/bpf/instruction.js';
import { interpret } from '../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../lib/filter/compile.js';
import { lookupPrecompiled } from '../lib/filter/precompiled/lookup.js';
import { thisHost } from '../lib/host.js';
import { abiOf } from '../lib/syscalls/abi.js';
import { compileC } from '../test/support/compile-c.js';
import { libseccompFilter, libseccompObstacle, type Optimize, runcRules } from '../test/support/libseccomp.js';
import { chart } from './filter-chart.js';
import { type Probe, probesOf, type Subject, subjects } from './filter-profiles.js';
import { markdown, text } from './filter-report.js';
import { FILTERS, type FilterName, type Measured, type Results } from './filter-results.js';
import { stepsOf } from './filter-steps.js';
import { machine, replaceSection, type Spread, spread } from './measure.js';

/** How often each filter is attached in a round: to measure the attach, and to measure calls. */
const ATTACHES = 20;
const CALLING = 3;
/** Profiles without a row of their own are measured in one of this many rounds. */
const OTHERS_EVERY = 4;
/** Compilations in one process. V8 has optimized our compiler by the last ones; libseccomp is warm after the first. */
const OUR_COMPILATIONS = 120;
const WARM = 20;
const THEIR_COMPILATIONS = 4;

type Their = Exclude<FilterName, 'ours'>;

const OPTIMIZE: Readonly<Record<Their, Optimize>> = { default: 1, tree: 2 };

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, only: { type: 'string' }, write: { type: 'boolean' } },
});
const obstacle = libseccompObstacle();
if (obstacle !== undefined) throw new Error(`npm run bench -- filter ${obstacle}`);

const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const costProgram = compileC('../../bench/filter-cost.c', ['-O2']);
const libseccompProgram = compileC('../../bench/libseccomp-filter.c', ['-O2', '-Wl,--no-as-needed', '-lseccomp']);
const compileProgram = fileURLToPath(new URL('compile-time.mjs', import.meta.url));
const host = thisHost();
const { endian } = abiOf(host.abi);

/** One profile's filters and their measurements so far, in nanoseconds. */
class Trial {
  readonly subject: Subject;
  readonly probes: readonly Probe[];
  readonly #programs: Readonly<Record<FilterName, readonly Instruction[]>>;
  readonly #files: Readonly<Record<FilterName, string>>;
  readonly #rules: Readonly<Record<Their, string>>;
  readonly #profile: string;
  readonly #attach = lists();
  readonly #calls: Readonly<Record<FilterName, readonly number[][]>>;
  readonly #compile = lists();
  readonly #fresh: number[] = [];
  readonly #scratch = { compile: [] as number[], fresh: [] as number[] };

  constructor(subject: Subject, number: number) {
    this.subject = subject;
    this.probes = probesOf(subject.policy);
    const rules = (name: Their) => runcRules(subject.profile, subject.host, OPTIMIZE[name]);
    this.#rules = { default: rules('default'), tree: rules('tree') };
    this.#programs = {
      ours: compilePolicy(subject.policy).instructions,
      default: decodeInstructions(libseccompFilter(this.#rules.default), endian),
      tree: decodeInstructions(libseccompFilter(this.#rules.tree), endian),
    };
    this.#files = byFilter((name) => file(`${number}.${name}`, encodeInstructions(this.#programs[name], endian)));
    this.#profile = subject.source.startsWith('{') ? file(`${number}.json`, subject.source) : subject.source;
    this.#calls = byFilter(() => this.probes.map(() => []));
  }

  /** Measures everything once. */
  round(): void {
    this.#costs();
    for (const name of ['default', 'tree'] as const) {
      const times = lines(libseccompProgram, [String(THEIR_COMPILATIONS)], this.#rules[name]);
      this.#compile[name].push(spread(times.slice(1)).median);
    }
    this.#compiles(this.subject.host.abis ?? [], this.#compile.ours, this.#fresh);
    if (lookupPrecompiled(this.subject.policy) === undefined) return;
    // With the ABIs in another order, the profile needs the same work but has no precompiled program.
    const [, ...others] = this.subject.policy.abis.map(({ abi }) => abi.name);
    this.#compiles(others.toReversed(), this.#scratch.compile, this.#scratch.fresh);
  }

  #compiles(abis: readonly string[], warm: number[], fresh: number[]): void {
    const times = lines(process.execPath, [compileProgram, this.#profile, String(OUR_COMPILATIONS), ...abis], '');
    warm.push(spread(times.slice(-WARM)).median);
    fresh.push(times[0] ?? Number.NaN);
  }

  /** Measures the attach, and then the calls. */
  #costs(): void {
    const filters = FILTERS.map((name) => `filter ${this.#files[name]}`);
    const calls = this.probes.map(({ call }) =>
      ['call', ...[BigInt(call.number), ...call.args].map((value) => value.toString(16))].join(' '),
    );
    for (const [, ...rows] of costs(ATTACHES, filters)) {
      FILTERS.forEach((name, i) => {
        this.#attach[name].push(rows[i]?.[0] ?? Number.NaN);
      });
    }
    for (const [bare = [], ...rows] of costs(CALLING, [...filters, ...calls])) {
      FILTERS.forEach((name, i) => {
        this.#take(name, rows[i] ?? [], bare);
      });
    }
  }

  /**
   * Stores a child's results, less those of the child without a filter: time to attach, then time and errno of each
   * call.
   */
  #take(name: FilterName, row: readonly number[], bare: readonly number[]): void {
    this.probes.forEach(({ text: call, errno }, i) => {
      const [time, error, without, expected] = [row[1 + 2 * i], row[2 + 2 * i], bare[1 + 2 * i], bare[2 + 2 * i]];
      if (error !== (errno ?? expected)) {
        throw new Error(`${this.subject.name}: ${call} gave errno ${error} under ${name}, not ${errno ?? expected}`);
      }
      this.#calls[name][i]?.push((time ?? Number.NaN) - (without ?? Number.NaN));
    });
  }

  #fromScratch(): Pick<Measured, 'scratch'> {
    const { compile, fresh } = this.#scratch;
    return fresh.length === 0 ? {} : { scratch: { compile: milliseconds(compile), fresh: milliseconds(fresh) } };
  }

  measured(name: FilterName): Measured {
    const program = this.#programs[name];
    return {
      instructions: program.length,
      steps: stepsOf(program, this.subject.policy),
      attach: spread(this.#attach[name].map((ns) => ns / 1e3)),
      calls: this.#calls[name].map(spread),
      callSteps: this.probes.map(({ call }) => interpret(program, call, endian).steps),
      compile: milliseconds(this.#compile[name]),
      ...(name === 'ours' ? { fresh: milliseconds(this.#fresh), ...this.#fromScratch() } : {}),
    };
  }
}

function milliseconds(nanoseconds: readonly number[]): Spread {
  return spread(nanoseconds.map((ns) => ns / 1e6));
}

function byFilter<T>(make: (name: FilterName) => T): Record<FilterName, T> {
  return { ours: make('ours'), default: make('default'), tree: make('tree') };
}

function lists(): Readonly<Record<FilterName, number[]>> {
  return byFilter(() => []);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** The output of bench/filter-cost.c: for each round, the numbers of each child. The first child has no filter. */
function costs(turns: number, lines: readonly string[]): readonly (readonly (readonly number[])[])[] {
  const input = [...lines, ''].join('\n');
  const rows = execFileSync(costProgram, [String(turns)], { input, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.split(' ').map(Number));
  const children = 1 + FILTERS.length;
  return Array.from({ length: turns }, (_, turn) => rows.slice(turn * children, (turn + 1) * children));
}

/** The numbers in each line that a program prints. */
function lines(program: string, args: readonly string[], input: string): readonly number[] {
  return execFileSync(program, args, { input, encoding: 'utf8' }).trim().split('\n').map(Number);
}

/** Whether the measuring program ends normally under a profile, which may kill it for its other calls. */
function canRun(trial: Trial): boolean {
  try {
    trial.round();
    return true;
  } catch {
    console.error(`left out: ${trial.subject.name}, which kills the measuring program`);
    return false;
  }
}

function run(): Results {
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');
  const chosen = subjects(host).filter(({ name }) => options.only === undefined || name === options.only);
  if (chosen.length === 0) throw new Error(`there is no profile named ${options.only}`);
  const trials = chosen.map((subject, i) => new Trial(subject, i)).filter(canRun);
  for (let round = 1; round <= rounds; round++) {
    for (const trial of trials) {
      if (!trial.subject.isShown && round % OTHERS_EVERY !== 1) continue;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round} of ${rounds}: ${trial.subject.name}`);
      trial.round();
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return {
    machine: machine(),
    rounds,
    otherRounds: Math.ceil(rounds / OTHERS_EVERY),
    profiles: trials.map((trial) => ({
      name: trial.subject.name,
      isShown: trial.subject.isShown,
      abis: trial.subject.policy.abis.map(({ abi }) => abi.name),
      calls: trial.probes.map(({ kind, text: call }) => ({ kind, call })),
      filters: byFilter((name) => trial.measured(name)),
    })),
  };
}

const results = run();
console.log(text(results));
if (options.write) {
  const place = (path: string) => new URL(`../${path}`, import.meta.url);
  writeFileSync(place('bench/results/filter.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(place('docs/filter-cost.svg'), chart(results));
  replaceSection(place('bench/README.md'), 'bench:filter', markdown(results));
}
