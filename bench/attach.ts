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
import { loadProfile } from '../lib/profile/load.js';
import { resolve } from '../lib/profile/resolve.js';
import { libseccompFilter, runcRules } from '../test/support/libseccomp.js';
import { machine, show, spread, table } from './measure.js';

const rounds = Number(process.argv[2] ?? 500);
const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));

/** Compiles a C program of this folder. */
function build(name: string): string {
  const program = join(directory, name);
  execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL(`${name}.c`, import.meta.url))]);
  return program;
}

const profile = loadProfile('docker-default');
if (profile === null) throw new Error('docker-default is a profile');
const host = thisHost();
const filter = compile(resolve(profile, host));
const files = {
  'libseccomp, default': libseccompFilter(runcRules(profile, host, 1)),
  'libseccomp, CTL_OPTIMIZE=2 (as runc)': libseccompFilter(runcRules(profile, host, 2)),
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
