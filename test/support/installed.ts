/** Installs the package in projects of their own, as npm does: the files of its tarball in node_modules. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from './root.js';

/** A folder with a copy of each project of a folder, and with node_modules. Nothing is fetched from a registry. */
export interface Installed {
  readonly folder: string;
  readonly remove: () => void;
}

/** What goes into the package, and what makes it. */
const INPUTS = [
  ...['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'native', 'schema', 'package.json'],
  ...['build/Release/seccomp.node', 'build/Release/seccomp-launch'],
  ...['scripts/release/pack.mjs', 'node_modules/node-addon-api/package.json'],
];

/** Where packages are kept, each by the state of the files that it was made of. */
const KEPT = join(packageRoot, 'out/test-packages');

/** Makes the published package in a folder, with the addon of this checkout only. Returns the path of the tarball. */
export function packTo(folder: string): string {
  const state = stateOfInputs();
  const kept = join(KEPT, state);
  if (!existsSync(kept) && !keep(state)) return pack(folder);
  cpSync(kept, folder, { recursive: true });
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

function pack(folder: string): string {
  const args = [join(packageRoot, 'scripts/release/pack.mjs'), '--local', '--to', folder];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}

/**
 * Makes the package of a state and removes those of other states. Several processes may do this at once. Returns whether it
 * is there: it is not if this user can't write to the checkout.
 */
function keep(state: string): boolean {
  const made = join(KEPT, `${state}.${process.pid}`);
  try {
    mkdirSync(made, { recursive: true });
  } catch {
    return false;
  }
  for (const name of readdirSync(KEPT))
    if (!name.startsWith(state)) rmSync(join(KEPT, name), { recursive: true, force: true });
  pack(made);
  try {
    renameSync(made, join(KEPT, state));
  } catch {
    rmSync(made, { recursive: true, force: true }); // Another process was faster.
  }
  return true;
}

/** The digest of the names, sizes and times of what a package is made of. */
function stateOfInputs(): string {
  const digest = createHash('sha256').update(String(process.env['GITHUB_REPOSITORY']));
  for (const path of INPUTS.map((name) => join(packageRoot, name)))
    for (const name of statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : ['']) {
      const { size, mtimeMs, mode } = statSync(join(path, name));
      digest.update(`${join(path, name)} ${size} ${mtimeMs} ${mode}\n`);
    }
  return digest.digest('hex').slice(0, 32);
}

/**
 * Packs this package with the addon of this checkout, and unpacks it in a new folder.
 *
 * @param dependencies - Names of packages that the projects use, which are those of this checkout.
 */
export function installPackage(projects: string, dependencies: readonly string[]): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-installed-'));
  cpSync(projects, folder, { recursive: true });
  const installed = join(folder, 'node_modules', 'seccomp');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', packTo(join(folder, 'packed')), '-C', installed, '--strip-components=1']);
  for (const name of dependencies) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(packageRoot, 'node_modules', name), link);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
