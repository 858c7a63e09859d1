/** The folder in which the blocks of one page run: a new project in which `seccomp` is installed. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { libraries, noLibraries } from '../libraries.js';
import type { Block } from './blocks.js';
import { packageRoot } from './pages.js';

export interface PageFolder {
  /** The project's folder. */
  readonly path: string;
  /** A folder beside it, for the output of the blocks and the home of the user that runs them. */
  readonly beside: string;
  /** A folder beside it that comes first in PATH. */
  readonly bin: string;
  readonly remove: () => void;
}

/** The pages whose blocks run npm's npx. Those of other pages run the file npx of this folder instead, which does the same for them. */
const WITH_NPX_OF_NPM: readonly (string | undefined)[] = ['README.md', 'docs/getting-started.md'];

/** Makes the folder of a page. Every user can read it; every user can write to it if one of its blocks needs this. */
export function makePageFolder(blocks: readonly Block[], page?: string): PageFolder {
  const beside = mkdtempSync(join(tmpdir(), 'seccomp-docs-'));
  chmodSync(beside, 0o755);
  const path = join(beside, 'project');
  mkdirSync(join(path, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(path, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  link(packageRoot, join(path, 'node_modules/seccomp'));
  link('../seccomp/dist/cli/main.js', join(path, 'node_modules/.bin/seccomp'));
  link(join(packageRoot, 'node_modules/@types'), join(path, 'node_modules/@types'));
  const bin = join(beside, 'bin');
  mkdirSync(bin);
  if (!WITH_NPX_OF_NPM.includes(page)) cpSync(join(import.meta.dirname, 'npx'), join(bin, 'npx'));
  mkdirSync(join(beside, 'home'));
  chmodSync(join(beside, 'home'), 0o777);
  if (blocks.some(({ directive }) => directive.isAsUser)) chmodSync(path, 0o777);
  return { path, beside, bin, remove: () => rmSync(beside, { recursive: true, force: true }) };
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) symlinkSync(target, path);
}

/** The names of the packages that this checkout installs for its own development. */
const { devDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};

const isDevDependency = (name: string) => Object.hasOwn(devDependencies, name);

/** Why the packages of a block cannot be linked, if they cannot. */
export function obstacleToPackages({ directive }: Block): string | undefined {
  return directive.packages.every(isDevDependency) ? undefined : noLibraries;
}

/** Whether all packages of a block are installed. */
export function arePackagesInstalled({ directive }: Block): boolean {
  return directive.packages.every((name) => existsSync(installedAt(name)));
}

const installedAt = (name: string) => join(isDevDependency(name) ? join(packageRoot, 'node_modules') : libraries, name);

/** Links the packages of a block, and their commands. */
export function linkPackages(folder: string, { directive }: Block): void {
  for (const name of directive.packages) {
    const from = installedAt(name);
    if (!existsSync(from)) throw new Error(`${name} is not in test/libraries/package.json`);
    link(from, join(folder, 'node_modules', name));
    const { bin = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
      readonly bin?: string | Readonly<Record<string, string>>;
    };
    const commands = typeof bin === 'string' ? { [name.split('/').at(-1) ?? name]: bin } : bin;
    for (const [command, file] of Object.entries(commands))
      link(join(from, file), join(folder, 'node_modules/.bin', command));
  }
}

const FILES = join(packageRoot, 'test/docs/files');

/** Whether test/docs/files/ has the files that a block names. */
export function areFilesPresent({ directive }: Block): boolean {
  return directive.files.every((name) => existsSync(join(FILES, name)));
}

/** Copies the files of test/docs/files/ that a block names. */
export function copyFiles(folder: string, { directive }: Block): void {
  for (const name of directive.files) cpSync(join(FILES, name), join(folder, name), { recursive: true });
}

/** The file of a block. A block without a name has a hidden one. */
export function fileOf({ name, line, language }: Block): string {
  return name ?? `.block-${line}.${language === 'js' ? 'mjs' : language}`;
}

/** Writes the file of a block. Returns its path. */
export function writeBlock(folder: string, block: Block): string {
  const path = join(folder, fileOf(block));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, block.code);
  if (block.code.startsWith('#!')) chmodSync(path, 0o755);
  return path;
}
