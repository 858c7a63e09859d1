/**
 * What recording costs a program, beside what `strace -f -c` costs it. `npm run bench:record -- [--rounds N] [--write]`; needs
 * gcc, git and strace; --write puts the table into docs. A cost is the run's time less that of a run alone; the least of all rounds counts, as what disturbs a run
 * only adds to it.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { record, spawn } from '../dist/index.js';
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

const WORKS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  'gcc, a C file': ['gcc', '-O1', '-o', join(directory, 'program'), source],
  'git status': ['git', 'status', '--short'],
  'node --test': [process.execPath, '--test', tests],
};

type Work = (typeof WORKS)[string];

const WAYS: Readonly<Record<'alone' | 'strace' | 'record', (work: Work) => Promise<number | null>>> = {
  alone: ends,
  strace: (work) => ends(['strace', '-f', '-c', '-o', '/dev/null', ...work]),
  record: async ([command, ...args]) => (await record(command, args, { stdio: 'ignore' })).exitCode,
};

async function ends([command, ...args]: Work): Promise<number | null> {
  const child = spawn(command, args, 'unconfined', { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}

async function milliseconds(way: keyof typeof WAYS, work: Work): Promise<number> {
  const start = performance.now();
  const status = await WAYS[way](work);
  if (status !== 0) throw new Error(`${way}: ${work.join(' ')} ended with ${status}`);
  return performance.now() - start;
}

async function leastOf(work: Work): Promise<Record<keyof typeof WAYS, number>> {
  const least = { alone: Number.POSITIVE_INFINITY, strace: Number.POSITIVE_INFINITY, record: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    for (const way of ['alone', 'strace', 'record'] as const) {
      least[way] = Math.min(least[way], await milliseconds(way, work));
    }
  }
  return least;
}

const rows = [['', 'alone, ms', 'strace -f -c adds', 'record adds', 'record / strace']];
for (const [name, work] of Object.entries(WORKS)) {
  const { alone, strace, record } = await leastOf(work);
  const [byStrace, byRecord] = [strace - alone, record - alone];
  rows.push([name, digits(alone), digits(byStrace), digits(byRecord), digits(byRecord / byStrace)]);
}
const head = `On ${machine()}; the least of ${rounds} rounds.`;
console.log(`${head}\n\n${table(rows)}`);
if (values.write) {
  const page = new URL('../docs/performance.md', import.meta.url);
  replaceSection(page, 'bench:record', `${head}\n\n${markdownTable(rows)}`);
}
