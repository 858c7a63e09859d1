/** Rows: what an install costs and what it runs, and the rows of other scripts. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './project.mjs';
import { versionOf } from './tools.mjs';

/** The limit that the package promises. */
const MOST_MEGABYTES = 2.5;

const npm = (version) => [
  [version, 'npm'],
  ['node 24', 'node'],
];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const size = {
  what: `size, at most ${MOST_MEGABYTES} MB`,
  version: '',
  quick: true,
  tools: [],
  run({ tarball }) {
    const megabytes = statSync(tarball).size / 1e6;
    const text = `${megabytes.toFixed(2)} MB`;
    if (megabytes > MOST_MEGABYTES) throw new Failure(text);
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

/** A package with prebuilt addons that many install, the measure of what people accept; and what it depends on. */
const PEER = 'better-sqlite3@13.2.0';
const SHA512_OF_PEER = {
  [PEER]: 'Z8Q/9x/uNyKxA1v4FNodyItRVRw1TeKBrmj32JhxhR0ceNcBY+wMobt/Bv7M7TzwPAXjnZRtNaEsATnUZSKWZQ==',
  'node-addon-api@8.9.2': 'VijLXbi3UACN69I0JVXJsX4tjACjNoQDgv2gTF6sx2wWEi8tkSg2eX8p5gSIFi8z2+DL3oHmY6OyKce38SDolg==',
};

/** The peer and what it depends on, as dependencies in a package.json. */
function fetchPeer(project) {
  const entries = Object.entries(SHA512_OF_PEER).map(([name, expected]) => {
    const options = { cwd: project.directory, encoding: 'utf8' };
    const file = join(project.directory, execFileSync('npm', ['pack', '--silent', name], options).trim());
    const sha512 = createHash('sha512').update(readFileSync(file)).digest('base64');
    if (sha512 !== expected) throw new Failure(`${name} has the SHA-512 ${sha512}`);
    return [name.replace(/@.*/, ''), `file:${file}`];
  });
  return Object.fromEntries(entries);
}

const ROUNDS = 9;

/** The wall time of an install, and that of the peer's. Rounds alternate, so that both have the same load. */
const installTime = {
  what: `install time, at most that of ${PEER}`,
  version: versionOf('npm 12'),
  quick: false,
  tools: npm('npm 12'),
  async run(project) {
    const dependencies = { package: { seccomp: `file:${project.tarball}` }, peer: fetchPeer(project) };
    const times = { package: [], peer: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, each] of Object.entries(dependencies)) {
        const prefix = join(project.directory, `${name}-${round}`);
        mkdirSync(prefix);
        // With the overrides, npm asks no registry for what the peer depends on.
        const overrides = Object.fromEntries(Object.keys(each).map((dependency) => [dependency, `$${dependency}`]));
        writeFileSync(join(prefix, 'package.json'), JSON.stringify({ name: 'user', dependencies: each, overrides }));
        const start = performance.now();
        await project.run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund']);
        times[name].push(performance.now() - start);
      }
    }
    const [ours, peer] = [median(times.package), median(times.peer)];
    const text = `${ours.toFixed(0)} ms, ${PEER} ${peer.toFixed(0)} ms: medians of ${ROUNDS}`;
    if (ours > peer) throw new Failure(text);
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
