/**
 * What each pass of the optimizer is worth: instructions and steps of docker-default's filter and of the corpus's, and
 * the time to compile them, with all passes and without each. A pass is left out by building the compiler with another
 * module in the place of the pass's own: those in bench/passes/. `npm run bench:passes -- [--write]`; --write puts the
 * results into docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serialize } from 'node:v8';
import { build, type Plugin } from 'esbuild';
import type { Host } from '../lib/profile/resolve/resolve.js';
import { subjects } from './filter-profiles.js';
import { digits, machine, markdownTable, replaceSection, table } from './measure.js';
import type { Costs } from './passes/costs.js';

/** Modules that take the place of a module of lib/filter, by the name of the pass that is left out then. */
const WITHOUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'all passes': {},
  'the number tree': { 'optimize/number-tree': 'number-tree' },
  'one tree for x86_64 and x32': { 'optimize/number-tree-x32': 'number-tree-x32' },
  'the greedy search': { 'optimize/greedy-search': 'greedy-search' },
  'the value tree': { 'optimize/value-tree': 'value-tree' },
  'shared nodes': { 'bpf/graph': 'graph' },
  'loads left out': { 'bpf/graph': 'graph-loads' },
};

/** Nanoseconds: an instruction and an emulated step at attach, a step of a call. Source: docs/how-it-works.md. */
const INSTRUCTION = 138;
const EMULATED_STEP = 2.3;
const STEP = 0.4;

const HOST: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

const { values: options } = parseArgs({ options: { write: { type: 'boolean' } } });
const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

const policies = subjects(HOST).map(({ policy }) => policy);
const file = join(directory, 'policies');
writeFileSync(file, serialize(policies));

const rows: string[][] = [];
for (const [name, modules] of Object.entries(WITHOUT)) {
  const costs = await measure(modules);
  const [docker] = costs;
  if (docker === undefined || docker === null) throw new Error('docker-default has a filter');
  const filters = costs.filter((each) => each !== null);
  rows.push([
    rows.length === 0 ? name : `without ${name}`,
    ...cells(docker),
    ...cells(sum(filters)),
    String(costs.length - filters.length),
  ]);
}
const corpus = `the corpus (${policies.length} filters)`;
const measures = ['instructions', 'attach, µs', 'checked call, ns', 'compile, ms'];
const head = [
  '',
  ...measures.map((each) => `docker-default: ${each}`),
  ...measures.map((each) => `${corpus}: ${each}`),
  'too large',
];
console.log(table([head, ...rows]));
if (options.write) {
  const text = `On ${machine()}.\n\n${markdownTable([head, ...rows])}`;
  replaceSection(new URL('../docs/performance.md', import.meta.url), 'bench:passes', text);
}

/** The costs of each policy's filter; null where it is longer than the kernel takes. */
async function measure(modules: Readonly<Record<string, string>>): Promise<readonly (Costs | null)[]> {
  const outfile = join(directory, 'worker.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('passes/worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [replacing(modules)],
  });
  return JSON.parse(execFileSync(process.execPath, [outfile, file], { encoding: 'utf8' }));
}

/** Resolves imports of some modules to others, but for what the others import. */
function replacing(modules: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'replace-passes',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, importer }) => {
        const target = join(resolveDir, path).replace(/\.js$/, '');
        const [, other] = Object.entries(modules).find(([name]) => target.endsWith(`/lib/filter/${name}`)) ?? [];
        if (other === undefined || importer.includes('/bench/passes/')) return undefined;
        return { path: fileURLToPath(new URL(`passes/${other}.ts`, import.meta.url)) };
      });
    },
  };
}

/** Sums, and of the steps of checked calls the mean. */
function sum(costs: readonly Costs[]): Costs {
  const total = (value: (each: Costs) => number) => costs.reduce((all, each) => all + value(each), 0);
  const checked = costs.filter((each) => each.checked !== null);
  return {
    instructions: total((each) => each.instructions),
    attach: total((each) => each.attach),
    checked: total((each) => each.checked ?? 0) / checked.length,
    denied: total((each) => each.denied ?? 0),
    compile: total((each) => each.compile),
  };
}

function cells({ instructions, attach, checked, compile }: Costs): readonly string[] {
  const attached = (INSTRUCTION * instructions + EMULATED_STEP * attach) / 1000;
  return [String(instructions), digits(attached), digits(STEP * (checked ?? Number.NaN)), digits(compile)];
}
