/**
 * Instructions and attach time of docker-default as we compile it, beside libseccomp's filter of the same profile in both
 * its modes. Needs a C compiler and Debian's libseccomp-dev. `npm run bench:attach [-- ROUNDS]`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../lib/filter/compile.js';
import { thisHost } from '../lib/host.js';
import { returnValue } from '../lib/policy/action.js';
import type { Condition, Policy } from '../lib/policy/policy.js';
import { loadProfile } from '../lib/profile/load.js';
import { resolve } from '../lib/profile/resolve.js';
import { syscallName } from '../lib/syscalls/table.js';
import { machine, show, spread, table } from './measure.js';

const rounds = Number(process.argv[2] ?? 500);
const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));

/** Compiles a C program of this folder. */
function build(name: string, ...flags: string[]): string {
  const program = join(directory, name);
  execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL(`${name}.c`, import.meta.url)), ...flags]);
  return program;
}

/** enum scmp_compare of seccomp.h. */
const OPERATORS = { ne: 1, lt: 2, le: 3, eq: 4, ge: 5, gt: 6, 'masked-eq': 7 } as const;

function condition(c: Condition): string {
  return c.op === 'masked-eq'
    ? `${c.index} ${OPERATORS[c.op]} ${c.mask} ${c.value}`
    : `${c.index} ${OPERATORS[c.op]} ${c.value} 0`;
}

/** What runc tells libseccomp: each rule by name, those equal to the default left out, on all ABIs of the profile. */
function rules(policy: Policy, optimize: 1 | 2): string {
  const hex = (action: Parameters<typeof returnValue>[0]) => returnValue(action).toString(16);
  const fallback = hex(policy.defaultAction);
  const lines = new Set<string>();
  for (const { abi, syscalls } of policy.abis) {
    for (const [number, decisions] of syscalls) {
      const name = syscallName(abi.name, number);
      for (const { action, conditions } of decisions) {
        if (hex(action) !== fallback) lines.add(['rule', hex(action), name, ...conditions.map(condition)].join(' '));
      }
    }
  }
  const arches = policy.abis.slice(1).map(({ abi }) => `arch ${abi.name}`);
  return [`default ${fallback}`, ...arches, `optimize ${optimize}`, ...lines, ''].join('\n');
}

const profile = loadProfile('docker-default');
if (profile === null) throw new Error('docker-default is a profile');
const policy = resolve(profile, thisHost());
const filter = compile(policy);
const exporter = build('libseccomp-filter', '-lseccomp');
const files = {
  'libseccomp, default': execFileSync(exporter, { input: rules(policy, 1) }),
  'libseccomp, CTL_OPTIMIZE=2 (as runc)': execFileSync(exporter, { input: rules(policy, 2) }),
  'seccomp (ours)': filter.bytes,
};
const paths = Object.entries(files).map(([name, bytes], i) => {
  const path = join(directory, `${i}.bpf`);
  writeFileSync(path, bytes);
  return { name, path };
});
const output = execFileSync(build('attach-time'), [String(rounds), ...paths.map(({ path }) => path)], {
  encoding: 'utf8',
});
const columns = output
  .trim()
  .split('\n')
  .map((line) => line.split(' ').map((ns) => Number(ns) / 1000));
const results = paths.map(({ name, path }, i) => ({
  name,
  instructions: statSync(path).size / 8,
  time: spread(columns.map((row) => row[i] ?? Number.NaN)),
}));
const ours = results.at(-1)?.time.median ?? Number.NaN;
console.log(`${machine()}; docker-default on ${filter.abis.join(' + ')}; ${rounds} rounds; median (quartiles)`);
console.log(
  table([
    ['filter', 'instructions', 'attach, µs', 'of ours'],
    ...results.map(({ name, instructions, time }) => [
      name,
      String(instructions),
      show(time),
      `${(time.median / ours).toFixed(1)}×`,
    ]),
  ]),
);
rmSync(directory, { recursive: true });
