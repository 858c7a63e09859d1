/** Installs the package in projects of their own, as npm does: the files of its tarball in node_modules. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from './scripts.js';

/** A folder with a copy of each project of a folder, and with node_modules. Nothing is fetched from a registry. */
export interface Installed {
  readonly folder: string;
  readonly remove: () => void;
}

/** Makes the published package in a folder, with the addon of this checkout only. Returns the path of the tarball. */
export function packTo(folder: string): string {
  const pack = [join(packageRoot, 'scripts/pack.mjs'), '--local', '--to', folder];
  return execFileSync(process.execPath, pack, { encoding: 'utf8' }).trim();
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
