/**
 * Measures a loaded server of express and of fastify (bench/server/app.cjs): plain, under a profile, with paths, explained,
 * recorded, and logged. Every measurement has a server of its own; rounds are interleaved. The packages of bench/server are
 * installed at the first run. `npm run bench -- server [--rounds N] [--seconds N] [--node PATH] [--write]`; --write stores the
 * results in bench/results and bench/README.md.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadProfile, stringify } from '../dist/index.js';
import { folderOf, installOnce } from '../scripts/pinned.js';
import { machine, markdownTable, replaceSection, show, shuffled, spread, table } from './measure.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '3' },
    node: { type: 'string', default: process.execPath },
    write: { type: 'boolean' },
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');
if (!(seconds > 0)) throw new Error('--seconds must be more than 0');

/** Connections of the load generator, each of which sends its next request when the last one was answered. */
const CONNECTIONS = 20;
/** Seconds of load before a measurement, in which V8 compiles the server. */
const WARM_UP = Math.min(1, seconds);

/** What is used of autocannon. */
interface Load extends NodeJS.EventEmitter {
  readonly then: PromiseLike<{ readonly errors: number; readonly non2xx: number; readonly duration: number }>['then'];
}
type Autocannon = (options: { url: string; connections: number; duration: number }) => Load;

installOnce('bench/server');
const packages = folderOf('bench/server');
const requireFrom = createRequire(join(packages, 'package.json'));
const autocannon: Autocannon = requireFrom('autocannon');
const versionOf = (name: string): string => requireFrom(`${name}/package.json`).version;

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'seccomp-bench-server-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const APP = local('server/app.cjs');
const COMMAND = [local('../dist/cli/main.js')];
const PROFILE = 'node-no-exec';

/** Writes a profile with which the kernel logs what the profile denies, and the named syscalls, and allows all. */
function auditProfile(name: string, logged: readonly string[]): string {
  const { defaultErrnoRet: _, ...document } = JSON.parse(stringify(loadProfile(PROFILE)));
  const syscalls = document.syscalls
    .filter(({ action }: { action: string }) => action === 'SCMP_ACT_ALLOW')
    .map((rule: { names: readonly string[] }) => ({
      ...rule,
      names: rule.names.filter((each) => !logged.includes(each)),
    }));
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ ...document, defaultAction: 'SCMP_ACT_LOG', syscalls }));
  return file;
}

const run = (...args: readonly string[]) => [...COMMAND, 'run', ...args, '--'];
const PATHS = [
  ...['@system', '@node', packages, local('server')].flatMap((path) => ['--read', path]),
  ...['--write', folder],
];

/** The arguments of Node before those of the server's. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  'seccomp run -p node-no-exec': run('-p', PROFILE),
  'the same, --read and --write': run('-p', PROFILE, ...PATHS),
  'the same, --explain': run('-p', PROFILE, '--explain'),
  'the same, --read, --write and --explain': run('-p', PROFILE, '--explain', ...PATHS),
  'record --base node-no-exec': [...COMMAND, 'record', '--base', PROFILE, '--'],
  'SCMP_ACT_LOG, nothing logged': run('-p', auditProfile('audit.json', [])),
  'SCMP_ACT_LOG, one call of each request logged': run('-p', auditProfile('audit-statx.json', ['statx'])),
};
const FRAMEWORKS = ['express', 'fastify'] as const;

interface Sample {
  /** Answers a second. */
  readonly rate: number;
  /** Microseconds of processor time for a request, of the server and of the command that stays its parent. */
  readonly cpu: number;
  /** Milliseconds within which 99 % of the requests were answered. */
  readonly p99: number;
}

/** Starts a server, and returns it with its port. */
async function start(framework: string, before: readonly string[]) {
  const args = before.length === 0 ? [] : [...before, options.node];
  const child = spawn(options.node, [...args, APP, framework, packages, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = textOf(child.stderr);
  for await (const line of createInterface(child.stdout)) {
    const port = /^listening on (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return { child, url: `http://127.0.0.1:${port}/` };
  }
  throw new Error(`${before.join(' ')} did not start ${framework}: ${await errors}`);
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const part of stream) text += part;
  return text;
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill();
  await closed;
}

/** Loads a server, and returns milliseconds from each request to its answer, and the duration of all in seconds. */
async function load(url: string, duration: number) {
  const load = autocannon({ url, connections: CONNECTIONS, duration });
  const times: number[] = [];
  load.on('response', (_client, _status, _bytes, time: number) => times.push(time));
  const { errors, non2xx, duration: took } = await load;
  if (errors + non2xx > 0) throw new Error(`${errors} requests failed, and ${non2xx} were refused`);
  return { times, took };
}

/** The fields of /proc/PID/stat after the name. Source: proc_pid_stat(5). */
function statOf(pid: string): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Seconds of processor time that a process and its children have used. */
function processorTime(parent: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [{ pid, fields: statOf(pid) }];
      } catch {
        return []; // It has ended.
      }
    });
  const counted = stats.filter(({ pid, fields }) => pid === String(parent) || fields[1] === String(parent));
  const ticks = counted.map(({ fields }) => Number(fields[11]) + Number(fields[12]));
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

async function sample(framework: string, command: readonly string[]): Promise<Sample> {
  writeFileSync(join(folder, 'requests.log'), '');
  const { child, url } = await start(framework, command);
  try {
    await load(url, WARM_UP);
    const before = processorTime(child.pid ?? 0);
    const { times, took } = await load(url, seconds);
    const cpu = ((processorTime(child.pid ?? 0) - before) * 1e6) / times.length;
    const sorted = times.toSorted((a, b) => a - b);
    return { rate: times.length / took, cpu, p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN };
  } finally {
    await stop(child);
  }
}

async function measure() {
  const turns = FRAMEWORKS.flatMap((framework) => Object.keys(WAYS).map((way) => ({ framework, way })));
  const samples = turns.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const i of shuffled([...turns.keys()])) {
      const turn = turns[i];
      if (turn !== undefined) samples[i]?.push(await sample(turn.framework, WAYS[turn.way] ?? []));
    }
  }
  const rows = turns.map((turn, i) => {
    const all = samples[i] ?? [];
    return {
      ...turn,
      rate: spread(all.map(({ rate }) => rate)),
      p99: spread(all.map(({ p99 }) => p99)),
      cpu: spread(all.map(({ cpu }) => cpu)),
    };
  });
  return { machine: machine().replace(process.version, versionOfNode()), rounds, seconds, packages: versions(), rows };
}

const versionOfNode = () => execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim();
const titleOf = (framework: string) => framework.charAt(0).toUpperCase() + framework.slice(1);
const versions = () =>
  [...FRAMEWORKS.map((name) => `${titleOf(name)} ${versionOf(name)}`), `autocannon ${versionOf('autocannon')}`].join(
    ', ',
  );

const results = await measure();

const tables = FRAMEWORKS.map((framework) => {
  const rows = results.rows.filter((row) => row.framework === framework);
  const plain = rows.find(({ way }) => way === 'plain')?.cpu.low ?? Number.NaN;
  return [
    [titleOf(framework), 'requests a second', 'p99, ms', 'CPU, µs a request', 'its lower quartile, relative to plain'],
    ...rows.map(({ way, rate, p99, cpu }) => [
      way,
      show(rate),
      show(p99),
      show(cpu),
      way === 'plain' ? '' : `${(cpu.low / plain).toFixed(2)}×`,
    ]),
  ];
});
const head = `On ${results.machine}; ${results.packages}; ${rounds} rounds of ${seconds} s; medians (quartiles).`;
console.log([head, ...tables.map(table)].join('\n\n'));
if (options.write) {
  const place = (path: string) => new URL(path, import.meta.url);
  writeFileSync(place('results/server.json'), `${JSON.stringify(results, null, 1)}\n`);
  replaceSection(place('README.md'), 'bench:server', [head, ...tables.map(markdownTable)].join('\n\n'));
}
