/**
 * Measures what each pass of the optimizer is worth: the instructions and steps of the filters of docker-default, of the
 * built-in profiles with denials, of the corpus and of intricate profiles, and the time to compile them, with all passes
 * and without each. To leave a pass out, the compiler is
 * bundled with a replacement of the pass's module, from bench/passes/.
 * `npm run bench -- passes [--write]`; --write writes the results to bench/README.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serialize } from 'node:v8';
import { build, type Plugin } from 'esbuild';
import { withDenials } from '../lib/policy/confinement-denials.js';
import { type Denials, NO_DENIALS } from '../lib/policy/denials.js';
import type { Policy } from '../lib/policy/policy.js';
import { BUILTIN_DEFINITIONS } from '../lib/profile/builtin/index.js';
import { type Host, resolve } from '../lib/profile/resolve/resolve.js';
import { loadProfile } from '../lib/profile/source.js';
import { policyOfAny } from '../test/support/arbitrary.js';
import { intricateProfiles } from '../test/support/intricate-profiles.js';
import { subjects } from './filter-profiles.js';
import { digits, machine, markdownTable, replaceSection, table } from './measure.js';
import type { Costs } from './passes/costs.js';

/** For each pass, the modules of lib/filter that are replaced to leave it out, and their replacements. */
const WITHOUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'all passes': {},
  'the number tree': { 'optimize/number-tree': 'number-tree' },
  'one tree for x86_64 and x32': { 'optimize/number-tree-x32': 'number-tree-x32' },
  'the greedy search': { 'optimize/greedy-search': 'greedy-search' },
  'the value tree': { 'optimize/number-tree': 'value-tree' },
  'shared nodes': { 'bpf/graph': 'graph' },
};

/** What an instruction and an emulated step cost at attach, and a step of a call, in ns: see bench/README.md. */
const INSTRUCTION = 138;
const EMULATED_STEP = 2.3;
const STEP = 0.4;

const HOST: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

const { values: options } = parseArgs({ options: { write: { type: 'boolean' } } });
const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

/** Denials that children have together, as a start's options want them. */
const DENIALS: readonly Partial<Denials>[] = [
  { isolated: true, withoutTerminal: true },
  { supervised: true, connections: true },
  { grouped: true },
  { network: true },
  { paths: true, unixSockets: true, truncation: true, deviceIoctls: true },
];

const [docker, ...others] = subjects(HOST).map(({ policy }) => policy);
if (docker === undefined) throw new Error('docker-default has a policy');
const groups: Readonly<Record<string, readonly Policy[]>> = {
  'docker-default': [docker],
  'built-in profiles, with each combination of denials': [...BUILTIN_DEFINITIONS.keys()].flatMap(withEachDenials),
  'the corpus': [docker, ...others],
  'intricate profiles': [...intricateProfiles(7, 75)].map((document) => policyOfAny(document, HOST)),
};
const file = join(directory, 'policies');
writeFileSync(file, serialize(Object.values(groups).flat()));

const rows = Object.keys(groups).map((): string[][] => []);
for (const [name, modules] of Object.entries(WITHOUT)) {
  const costs = await measure(modules);
  Object.values(groups).forEach((group, i) => {
    rows[i]?.push([rows[i].length === 0 ? name : `without ${name}`, ...cells(sum(costs.splice(0, group.length)))]);
  });
}
const head = ['instructions', 'attach, µs', 'checked call, ns', 'compile, ms'];
const tables = Object.entries(groups).map(([name, { length }], i) => [
  [length === 1 ? name : `${name}, ${length} filters`, ...head],
  ...(rows[i] ?? []),
]);
console.log(tables.map(table).join('\n\n'));
if (options.write) {
  const text = [`On ${machine()}.`, ...tables.map(markdownTable)].join('\n\n');
  replaceSection(new URL('README.md', import.meta.url), 'bench:passes', text);
}

/** The policy of a built-in profile, alone and with each combination of denials. */
function withEachDenials(name: string): readonly Policy[] {
  const policy = resolve(loadProfile(name), HOST);
  return Array.from({ length: 2 ** DENIALS.length }, (_, set) => {
    const denials = DENIALS.filter((_, i) => (set & (1 << i)) !== 0);
    return withDenials(policy, [], Object.assign({ ...NO_DENIALS }, ...denials));
  });
}

/** Returns the costs of each policy's filter. */
async function measure(modules: Readonly<Record<string, string>>): Promise<Costs[]> {
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

/** Resolves imports of some modules to their replacements. The replacements themselves can import the originals. */
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

/** Adds the costs up. The steps of a checked call are a mean. */
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
