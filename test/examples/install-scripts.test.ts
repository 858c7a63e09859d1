/** Install scripts without network: the commands of docs/guides/install-scripts.md, and examples/install-shell.mjs. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { commandOf, isCached } from '../../scripts/package-matrix/tools.mjs';
import { packTo } from '../support/installed.js';
import { libraries, noLibraries } from '../support/libraries.js';
import { packageRoot } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-install-scripts-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const fixtures = join(import.meta.dirname, 'install-scripts');
  execFileSync('tar', ['-czf', join(folder, 'curious.tgz'), '-C', fixtures, 'curious']);
  cpSync(join(fixtures, 'curious'), join(folder, 'added'), { recursive: true });
  const manifest = join(folder, 'added/package.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('curious', 'added'));
  execFileSync('tar', ['-czf', join(folder, 'added.tgz'), '-C', folder, 'added']);
  renameSync(packTo(join(folder, 'packed')), join(folder, 'seccomp.tgz'));
});

/** The first JSON block of the guide. */
const guide = readFileSync(join(packageRoot, 'docs/guides/install-scripts.md'), 'utf8');
const profile = /^```json no-network\.json\n(.*?)^```$/ms.exec(guide)?.[1] ?? expect.fail('the guide has no profile');

/** A project with two dependencies, of which `curious` has an install script. */
function makeProject(name: string): string {
  const project = join(folder, name);
  cpSync(join(import.meta.dirname, 'install-scripts/app'), project, { recursive: true });
  cpSync(join(packageRoot, 'examples/install-shell.mjs'), join(project, 'install-shell.mjs'));
  writeFileSync(join(project, 'no-network.json'), profile);
  // pnpm runs these scripts, in a store of this project, since a store keeps the results of scripts.
  const workspace = `dangerouslyAllowAllBuilds: true\nstoreDir: ${join(folder, `${name}-store`)}\n`;
  writeFileSync(join(project, 'pnpm-workspace.yaml'), workspace);
  writeFileSync(join(project, '.yarnrc.yml'), 'nodeLinker: node-modules\nenableScripts: true\n');
  writeFileSync(join(project, 'yarn.lock'), '');
  return project;
}

/**
 * Settings without effect on the other package managers: npm 12 runs these scripts, and Yarn 4 makes a lock file. No registry is
 * asked: all packages are files, and the peer dependencies of seccomp are optional.
 */
const SETTINGS = {
  npm_config_registry: 'http://127.0.0.1:9/',
  npm_config_fetch_retries: '0',
  npm_config_legacy_peer_deps: 'true',
  npm_config_audit: 'false',
  npm_config_dangerously_allow_all_scripts: 'true',
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
};

const SECCOMP = ['node_modules/.bin/seccomp', 'run', '-p', './no-network.json'];

/** Runs a command in a project to its end, which must be a success. */
function run(project: string, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [file = '', ...args] = command;
  const own = Object.entries(process.env).filter(([name]) => !/^(npm|VITEST|CI$)/.test(name));
  const { status, stdout, stderr } = spawnSync(file, args, {
    ...{ cwd: project, encoding: 'utf8', env: { ...Object.fromEntries(own), ...SETTINGS, ...env } },
  });
  expect(status, `${command.join(' ')}\n${stdout}${stderr}`).toBe(0);
}

/** The file that the install script writes. */
const reportIn = (project: string) => join(project, 'node_modules/curious/report.json');

const reportOf = (project: string): unknown => JSON.parse(readFileSync(reportIn(project), 'utf8'));

interface Manager {
  readonly name: string;
  readonly command: () => string;
  /** Why this machine cannot test it. */
  readonly obstacle?: string | undefined;
  /** The command that runs no scripts, and the one that runs them. */
  readonly fetch: readonly string[];
  readonly runScripts: readonly string[];
}

/** A package manager that `npm run test:package` installs, which is tested if it is there. */
const ofMatrix = (name: string) => ({
  name,
  command: () => commandOf(name),
  obstacle: isCached(name) ? undefined : `${name} is not installed: \`npm run test:package\` does so`,
});

const FETCH_AND_REBUILD = { fetch: ['install', '--ignore-scripts'], runScripts: ['rebuild'] };

const MANAGERS: readonly Manager[] = [
  { name: 'npm of this Node', command: () => 'npm', ...FETCH_AND_REBUILD },
  { name: 'pnpm 10', command: () => join(libraries, '.bin/pnpm'), obstacle: noLibraries, ...FETCH_AND_REBUILD },
  { ...ofMatrix('npm 12'), ...FETCH_AND_REBUILD },
  { ...ofMatrix('pnpm 12'), ...FETCH_AND_REBUILD },
  { ...ofMatrix('yarn 1'), fetch: ['install', '--ignore-scripts'], runScripts: ['install', '--force', '--offline'] },
  { ...ofMatrix('yarn 4'), fetch: ['install', '--mode=skip-build'], runScripts: ['rebuild'] },
];

/** The commands that add a package, which end with the flag of the command that runs no scripts. */
const ADD = { npm: 'install', pnpm: 'add', yarn: 'add' };

test.for(MANAGERS)(
  '$name: scripts of a package that is added have no network in a second command',
  ({ name, command, obstacle, ...steps }, { skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const project = makeProject(`add-${name.replaceAll(' ', '-')}`);
    const [manager = ''] = name.split(' ');
    run(project, [command(), ADD[manager as keyof typeof ADD], join(folder, 'added.tgz'), ...steps.fetch.slice(-1)]);
    const report = join(project, 'node_modules/added/report.json');
    expect(existsSync(report)).toBe(false);
    run(project, [...SECCOMP, '--', command(), ...steps.runScripts]);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({ network: 'EACCES' });
  },
);

/** The versions of pnpm, and the line by which pnpm-workspace.yaml allows the scripts of a package from a file. */
const PNPM = MANAGERS.filter(({ name }) => name.startsWith('pnpm'));
const ALLOW = 'allowBuilds: { "curious@file:../curious.tgz": true }';

test.for(PNPM)(
  '$name runs only the scripts that allowBuilds names',
  ({ command, name, obstacle, ...steps }, { skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const project = makeProject(`allow-${name.replaceAll(' ', '-')}`);
    const file = join(project, 'pnpm-workspace.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^dangerously.*$/m, 'strictDepBuilds: false'));
    run(project, [command(), ...steps.fetch]);
    run(project, [...SECCOMP, '--', command(), ...steps.runScripts]);
    expect(existsSync(reportIn(project))).toBe(false);
    appendFileSync(file, `${ALLOW}\n`);
    run(project, [...SECCOMP, '--', command(), ...steps.runScripts]);
    expect(reportOf(project)).toEqual({ network: 'EACCES' });
  },
);

test.for(PNPM)('$name: approve-builds runs the scripts, with network', ({ command, name, obstacle }, { skip }) => {
  if (obstacle !== undefined) skip(obstacle);
  const project = makeProject(`approve-${name.replaceAll(' ', '-')}`);
  const file = join(project, 'pnpm-workspace.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^dangerously.*$/m, 'strictDepBuilds: false'));
  run(project, [command(), 'install']);
  expect(existsSync(reportIn(project))).toBe(false);
  run(project, [command(), 'approve-builds', '--all']);
  expect(reportOf(project)).toEqual({ network: 'ECONNREFUSED' });
});

test.for(MANAGERS)(
  '$name: scripts have no network in a second command',
  ({ name, command, obstacle, ...steps }, { skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const project = makeProject(`commands-${name.replaceAll(' ', '-')}`);
    run(project, [command(), ...steps.fetch], { NPM_TOKEN: 'secret' });
    expect(existsSync(reportIn(project))).toBe(false);
    run(project, [...SECCOMP, '--', command(), ...steps.runScripts]);
    expect(reportOf(project)).toEqual({ network: 'EACCES' });
  },
);

/** The package managers that take the shell, with the setting for each. */
const WITH_SHELL = MANAGERS.filter(({ name }) => !name.startsWith('yarn'));

test.for(WITH_SHELL)(
  '$name: scripts have no network and no token under install-shell.mjs',
  ({ name, command, obstacle }, { skip }) => {
    if (obstacle !== undefined) skip(obstacle);
    const project = makeProject(`shell-${name.replaceAll(' ', '-')}`);
    const shell = join(project, 'install-shell.mjs');
    if (name.startsWith('pnpm')) appendFileSync(join(project, 'pnpm-workspace.yaml'), `scriptShell: ${shell}\n`);
    run(project, [command(), 'install'], { NPM_TOKEN: 'secret', npm_config_script_shell: shell });
    expect(reportOf(project)).toEqual({ network: 'EACCES' });
  },
);

test('without either, a script has both', () => {
  const project = makeProject('unconfined');
  run(project, ['npm', 'install'], { NPM_TOKEN: 'secret' });
  expect(reportOf(project)).toEqual({ network: 'ECONNREFUSED', token: 'secret' });
});

test('under paths, scripts can also write in the project only', ({ skip }) => {
  const { reason } = pathsSupport();
  if (reason !== null) skip(reason);
  const project = makeProject('paths');
  run(project, ['npm', 'install', '--ignore-scripts']);
  const [command = ''] = /^npx seccomp run .*--read .*$/m.exec(guide) ?? [];
  appendFileSync(
    join(project, 'node_modules/curious/report.cjs'),
    "try { writeFileSync(process.env.OUTSIDE, ''); } catch ({ code }) { writeFileSync('outside.json', JSON.stringify(code)); }\n",
  );
  run(project, ['bash', '-c', command], { OUTSIDE: join(folder, 'outside') });
  expect(reportOf(project)).toEqual({ network: 'EACCES' });
  const outside = readFileSync(join(project, 'node_modules/curious/outside.json'), 'utf8');
  expect(outside).toBe('"EACCES"');
});
