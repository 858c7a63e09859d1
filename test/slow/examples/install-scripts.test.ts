/** The commands of docs/guides/install-scripts.md, and examples/install-shell.mjs, with each package manager. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandOf, isCached } from '../../../scripts/package-matrix/tools.mjs';
import {
  folder,
  makeProject,
  preparePackages,
  reportIn,
  reportOf,
  run,
  SECCOMP,
} from '../../support/install-scripts.js';
import { libraries, noLibraries } from '../../support/libraries.js';

preparePackages();

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
