/** Rows: what an install costs and what it runs, and the rows of other scripts. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './project.mjs';
import { versionOf } from './tools.mjs';

/** The limits that the package promises. */
const LIMITS = { megabytes: 2.5, timesAnEmptyPackage: 1.5 };

const npm = (version) => [
  [version, 'npm'],
  ['node 24', 'node'],
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const size = {
  what: `size, at most ${LIMITS.megabytes} MB`,
  version: '',
  quick: true,
  tools: [],
  run({ tarball }) {
    const megabytes = statSync(tarball).size / 1e6;
    const text = `${megabytes.toFixed(2)} MB`;
    if (megabytes > LIMITS.megabytes) throw new Failure(text);
    return text;
  },
};

/** npm 11 runs install scripts by default, and node-gyp if there is a binding.gyp. Its shell records each run. */
const scripts = {
  what: 'scripts run by npm 11, none',
  version: versionOf('npm 11'),
  quick: true,
  tools: npm('npm 11'),
  async run(project) {
    const shell = join(project.directory, 'shell');
    project.write('shell', '#!/bin/sh\necho "$@" >> "$SHELL_LOG"\nexec /bin/sh "$@"\n', { mode: 0o755 });
    const log = `${shell}.log`;
    const env = { npm_config_script_shell: shell, SHELL_LOG: log };
    // Another package, which has a script: without it, a shell that records nothing would pass.
    mkdirSync(join(project.directory, 'other'));
    const scripts = { postinstall: 'true' };
    project.write('other/package.json', JSON.stringify({ name: 'other', version: '1.0.0', scripts }));
    await project.run('npm', ['install', project.tarball, './other'], { env });
    const runs = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    if (runs.length === 1 && runs[0] === '-c true') return 'only that of another package';
    throw new Failure(`it has run: ${runs.join('; ') || 'nothing, not even the script of another package'}`);
  },
};

/** Packs a package of one empty file. */
function packEmpty(project) {
  const folder = join(project.directory, 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', version: '1.0.0', main: 'index.js' }));
  writeFileSync(join(folder, 'index.js'), '');
  const name = execFileSync('npm', ['pack', '--silent'], { cwd: folder, encoding: 'utf8' }).trim();
  return join(folder, name);
}

const ROUNDS = 9;

/** The wall time of an install, against that of an empty package. Rounds alternate, so that both have the same load. */
const installTime = {
  what: `install time, at most ${LIMITS.timesAnEmptyPackage} × an empty package`,
  version: versionOf('npm 12'),
  quick: false,
  tools: npm('npm 12'),
  async run(project) {
    const tarballs = { package: project.tarball, empty: packEmpty(project) };
    const times = { package: [], empty: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, tarball] of Object.entries(tarballs)) {
        const prefix = join(project.directory, `${name}-${round}`);
        mkdirSync(prefix);
        writeFileSync(join(prefix, 'package.json'), '{ "name": "user", "version": "1.0.0" }');
        const start = performance.now();
        await project.run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', tarball]);
        times[name].push(performance.now() - start);
      }
    }
    const [ours, empty] = [median(times.package), median(times.empty)];
    const text = `${(ours / empty).toFixed(2)} × (${ours.toFixed(0)} ms to ${empty.toFixed(0)} ms, medians of ${ROUNDS})`;
    if (ours / empty > LIMITS.timesAnEmptyPackage) throw new Failure(text);
    return text;
  },
};

/** A row that another script carries out. */
const elsewhere = (what, version, reason) => ({ what, version, quick: true, reason });

export const measures = [size, scripts, installTime];

export const others = [
  elsewhere('arm64', '', '`scripts/checks/arch-test.sh` runs it, on a kernel of its own'),
  elsewhere('riscv64', '', '`scripts/checks/arch-test.sh` runs it, on a kernel of its own'),
];
