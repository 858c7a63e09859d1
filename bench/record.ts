/**
 * Measures the cost of recording a program, next to `strace -f -c` and to a minimal C loop that lets every call
 * continue; and that of reporting denied files, next to `strace -f -e trace=%file`. `npm run bench -- record [--rounds N] [--write]`; needs gcc, git and strace. --write stores the table in
 * docs. A cost is the time of a run less the time of the program alone. Disturbances only add to it, so the minimum of
 * all rounds is used.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { record, spawn } from '../dist/index.js';
import { compileC } from '../test/support/compile-c.js';
import { digits, machine, markdownTable, replaceSection, table } from './measure.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, write: { type: 'boolean' } },
});
const rounds = Number(values.rounds);

const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const source = join(directory, 'program.c');
writeFileSync(source, '#include <stdio.h>\nint main(void) { return puts("built") < 0; }\n');
const tests = join(directory, 'one.test.mjs');
writeFileSync(tests, 'import test from "node:test";\nfor (let i = 0; i < 20; i++) test("test " + i, () => {});\n');

const loop = compileC('../../bench/observe-loop.c', ['-O2']);
const pathOf = (command: string) =>
  execFileSync('sh', ['-c', 'command -v "$1"', 'sh', command], { encoding: 'utf8' }).trim();

const WORKS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  'gcc, a C file': [pathOf('gcc'), '-O1', '-o', join(directory, 'program'), source],
  'git status': [pathOf('git'), 'status', '--short'],
  'node --test': [process.execPath, '--test', tests],
};

type Work = (typeof WORKS)[string];

/** The ways to run the program. Each returns milliseconds. */
const WAYS = {
  alone: ends,
  strace: (work: Work) => ends(['strace', '-f', '-c', '-o', '/dev/null', ...work]),
  // The loop measures the time itself, so that the time does not include its own start.
  loop: async (work: Work) => Number(execFileSync(loop, work, { encoding: 'utf8' })) / 1e6,
  straceFiles: (work: Work) => ends(['strace', '-f', '-e', 'trace=%file', '-o', '/dev/null', ...work]),
  restricted: (work: Work) => restricted(work, false),
  reported: (work: Work) => restricted(work, true),
  record: async ([command, ...args]: Work) => {
    const start = performance.now();
    succeeded((await record(command, args, { stdio: 'ignore' })).exitCode, command);
    return performance.now() - start;
  },
} as const;

/** What the programs need. */
const paths = { read: ['@system', '@node', '.', '/proc'], write: [directory], execute: ['/usr/libexec'] };
const env = { ...process.env, TMPDIR: directory, GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_GLOBAL: '/dev/null' };

async function restricted([command, ...args]: Work, reportPaths: boolean): Promise<number> {
  const start = performance.now();
  const options = { paths, env, stdio: 'ignore', onViolation: true, reportPaths } as const;
  const child = spawn(command, args, 'docker-default', options);
  const [code] = await once(child, 'exit');
  const time = performance.now() - start;
  succeeded(code, command);
  return time;
}

async function ends([command, ...args]: Work): Promise<number> {
  const start = performance.now();
  const [code] = await once(spawn(command, args, 'unconfined', { stdio: 'ignore' }), 'exit');
  succeeded(code, command);
  return performance.now() - start;
}

function succeeded(code: number | null, command: string): void {
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
}

/** Returns by how much one way to run a program takes longer than another one, in milliseconds. */
async function costs(work: Work): Promise<(way: keyof typeof WAYS, without?: keyof typeof WAYS) => number> {
  const names = Object.keys(WAYS) as (keyof typeof WAYS)[];
  const least = new Map<keyof typeof WAYS, number>();
  for (let round = 0; round < rounds; round++) {
    for (const way of names)
      least.set(way, Math.min(least.get(way) ?? Number.POSITIVE_INFINITY, await WAYS[way](work)));
  }
  const found = (way: keyof typeof WAYS) => least.get(way) ?? Number.NaN;
  return (way: keyof typeof WAYS, without: keyof typeof WAYS = 'alone') => found(way) - found(without);
}

const rows = [['', 'strace -f -c adds', 'the C loop adds', 'record adds', 'C loop / strace', 'record / strace']];
const reportRows = [['', 'strace -f -e trace=%file adds', 'reportPaths adds', 'reportPaths / strace']];
for (const [name, work] of Object.entries(WORKS)) {
  const cost = await costs(work);
  const [strace, loop, record] = [cost('strace'), cost('loop'), cost('record')];
  rows.push([name, ...[strace, loop, record, loop / strace, record / strace].map(digits)]);
  const [straceFiles, reported] = [cost('straceFiles'), cost('reported', 'restricted')];
  reportRows.push([name, ...[straceFiles, reported, reported / straceFiles].map(digits)]);
}
const head = `On ${machine()}; milliseconds, the least of ${rounds} rounds.`;
console.log(`${head}\n\n${table(rows)}\n\n${table(reportRows)}`);
if (values.write) {
  const page = new URL('README.md', import.meta.url);
  replaceSection(page, 'bench:record', `${head}\n\n${markdownTable(rows)}\n\n${markdownTable(reportRows)}`);
}
