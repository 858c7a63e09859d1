/** Projects with a package whose install script reports whether it has a network and a token, for docs/guides/install-scripts.md. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { packTo } from './installed.js';
import { packageRoot } from './scripts.js';
import { temporaryFolder } from './temporary-folder.js';

export const folder = temporaryFolder('seccomp-install-scripts-');
const fixtures = join(packageRoot, 'test/examples/install-scripts');

/** Packs the packages that projects install, and removes the projects in the end. */
export function preparePackages(): void {
  beforeAll(() => {
    execFileSync('tar', ['-czf', join(folder, 'curious.tgz'), '-C', fixtures, 'curious']);
    cpSync(join(fixtures, 'curious'), join(folder, 'added'), { recursive: true });
    const manifest = join(folder, 'added/package.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('curious', 'added'));
    execFileSync('tar', ['-czf', join(folder, 'added.tgz'), '-C', folder, 'added']);
    renameSync(packTo(join(folder, 'packed')), join(folder, 'seccomp.tgz'));
  });
}

/** The first JSON block of the guide. */
export const guide = readFileSync(join(packageRoot, 'docs/guides/install-scripts.md'), 'utf8');
const profile = /^```json no-network\.json\n(.*?)^```$/ms.exec(guide)?.[1] ?? expect.fail('the guide has no profile');

/** A project with two dependencies, of which `curious` has an install script. */
export function makeProject(name: string): string {
  const project = join(folder, name);
  cpSync(join(fixtures, 'app'), project, { recursive: true });
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

export const SECCOMP = ['node_modules/.bin/seccomp', 'run', '-p', './no-network.json'];

/** Runs a command in a project to its end, which must be a success. */
export function run(project: string, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [file = '', ...args] = command;
  const own = Object.entries(process.env).filter(([name]) => !/^(npm|VITEST|CI$)/.test(name));
  const { status, stdout, stderr } = spawnSync(file, args, {
    ...{ cwd: project, encoding: 'utf8', env: { ...Object.fromEntries(own), ...SETTINGS, ...env } },
  });
  expect(status, `${command.join(' ')}\n${stdout}${stderr}`).toBe(0);
}

/** The file that the install script writes. */
export const reportIn = (project: string) => join(project, 'node_modules/curious/report.json');

export const reportOf = (project: string): unknown => JSON.parse(readFileSync(reportIn(project), 'utf8'));
