/**
 * Installs the packages that FOLDER/package-lock.json pins, unless they are installed already, and then runs a command of
 * theirs: `tsx scripts/pinned.ts FOLDER [COMMAND ARGUMENT…]`. They are not in this package's own node_modules, so that
 * `npm install` stays small.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Returns the folder in which the packages of FOLDER are installed. */
export function folderOf(folder: string): string {
  return join(root, 'node_modules/.cache', `seccomp-${basename(folder)}`);
}

/** Whether the packages of FOLDER are installed, as its lock file has them now. */
export function isInstalled(folder: string): boolean {
  const installed = textOf(join(folderOf(folder), INSTALLED));
  return installed !== undefined && installed === textOf(join(root, folder, LOCK));
}

const LOCK = 'package-lock.json';

/** The copy of the lock file that is made once everything is installed. */
const INSTALLED = 'installed-lock.json';

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Runs a program to its end. Ends this process if it fails. */
function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) console.error(`seccomp: cannot start ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function install(folder: string): void {
  console.error(`seccomp: installs the packages of ${folder}/package.json`);
  const target = folderOf(folder);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const files = ['package.json', LOCK, '.npmrc'].filter((name) => existsSync(join(root, folder, name)));
  for (const name of files) cpSync(join(root, folder, name), join(target, name));
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], target);
  cpSync(join(target, LOCK), join(target, INSTALLED));
}

/** Installs the packages of FOLDER, unless they are installed already. */
export function installOnce(folder: string): void {
  if (!isInstalled(folder)) install(folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, command, ...args] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: tsx scripts/pinned.ts FOLDER [COMMAND ARGUMENT…]');
  installOnce(folder);
  if (command !== undefined) run(join(folderOf(folder), 'node_modules/.bin', command), args, root);
}
