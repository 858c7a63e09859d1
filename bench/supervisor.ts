/**
 * Measures a supervised call: with a return value that the profile fixes, next to a minimal C loop with the same flags;
 * and with a handler in JavaScript, for one child at a time and for several. Rounds are interleaved. Other load only
 * adds to a time, so the fastest tenth of the rounds is used. `npm run bench -- supervisor [--rounds N] [--write]`;
 * --write stores the table in docs.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Handlers, loadProfile, type SpawnOptions, spawn } from '../dist/index.js';
import { machine, markdownTable, replaceSection, table } from './measure.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '60' }, write: { type: 'boolean' } },
});
const rounds = Number(values.rounds);
/** Calls in each round. */
const CALLS = 5000;
const TOGETHER = 4;

const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const program = join(directory, 'notify-loop');
execFileSync('cc', ['-O2', '-static', '-o', program, fileURLToPath(new URL('notify-loop.c', import.meta.url))]);

const profile = loadProfile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
});
/** The number of sched_get_priority_min; that of _max is one less on x86_64 and on all newer ABIs. */
const MIN = process.arch === 'x64' ? 147 : 126;
const MAX = process.arch === 'x64' ? 146 : 125;

async function calls(number: number, options: SpawnOptions): Promise<number> {
  const child = spawn(program, [String(CALLS), 'calls', String(number)], profile, {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return Number(printed);
}

const notify: Handlers = { sched_get_priority_max: (call) => call.return(1) };

/** Nanoseconds a call. */
const RUNS = {
  'C loop': async () => Number(execFileSync(program, [String(CALLS)], { encoding: 'utf8' })),
  'fixed answer': () => calls(MIN, { onViolation: true }),
  handler: () => calls(MAX, { notify }),
  [`handler, ${TOGETHER} children`]: async () => {
    const each = await Promise.all(Array.from({ length: TOGETHER }, () => calls(MAX, { notify })));
    return Math.max(...each) / TOGETHER;
  },
} as const;

const samples = new Map<string, number[]>(Object.keys(RUNS).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, run] of Object.entries(RUNS)) samples.get(name)?.push(await run());

const quiet = (name: string) =>
  (samples.get(name) ?? []).toSorted((a, b) => a - b)[Math.floor(rounds / 10)] ?? Number.NaN;
const base = quiet('C loop');
const rows = [
  ['', 'µs per call', 'calls per second', 'C loop = 1'],
  ...Object.keys(RUNS).map((name) => [
    name,
    (quiet(name) / 1000).toFixed(2),
    Math.round(1e9 / quiet(name)).toLocaleString('en'),
    (quiet(name) / base).toFixed(2),
  ]),
];
const head = `On ${machine()}; ${rounds} rounds of ${CALLS.toLocaleString('en')} calls; the quietest tenth.`;
console.log(`${head}\n\n${table(rows)}`);
if (values.write) {
  const page = new URL('README.md', import.meta.url);
  replaceSection(page, 'bench:supervisor', `${head}\n\n${markdownTable(rows)}`);
}
