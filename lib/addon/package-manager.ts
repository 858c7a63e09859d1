/** The commands that repair an installed package, for the package manager that installed it. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { shellWord } from './shell-word.js';

type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'yarn-classic' | 'bun';

/**
 * Returns the command that builds the addon in an installed package, in `native/build/Release`. Yarn 1 cannot run a
 * package that is not installed; npm, which comes with Node, does that.
 */
export function buildCommand(folder: string): string {
  const runners = { npm: 'npx', pnpm: 'pnpm dlx', yarn: 'yarn dlx', 'yarn-classic': 'npx', bun: 'bunx' } as const;
  return `${runners[packageManager(folder)]} node-gyp rebuild -C ${pathInShell(join(folder, 'native'))}`;
}

/**
 * Returns the command that installs the package again, with all its files. Undefined for a folder that is not in
 * `node_modules`: only there can it be removed without losing somebody's work.
 */
export function reinstallCommand(folder: string): string | undefined {
  if (!dirname(folder).split(sep).includes('node_modules')) return undefined;
  const installs = {
    npm: 'npm install',
    pnpm: 'pnpm install --force',
    yarn: 'yarn install',
    'yarn-classic': 'yarn install --force',
    bun: 'bun install --force',
  } as const;
  return `rm -r ${pathInShell(folder)} && ${installs[packageManager(folder)]}`;
}

/** Returns a path as a shell takes it: relative to the working directory if it is inside. */
function pathInShell(path: string): string {
  const near = relative(workingDirectory(), path);
  return shellWord(near.startsWith('..') ? path : near);
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return sep; // It was deleted.
  }
}

/**
 * Returns the package manager in use: the one that runs this process, or else the one whose traces are found in the
 * path of the package and in the folders above it.
 */
function packageManager(folder: string): PackageManager {
  const [, name, major] = /^(npm|pnpm|yarn|bun)\/(\d*)/.exec(process.env['npm_config_user_agent'] ?? '') ?? [];
  if (name === 'yarn') return major === '1' ? 'yarn-classic' : 'yarn';
  if (name === 'npm' || name === 'pnpm' || name === 'bun') return name;
  if (folder.includes(`${sep}.pnpm${sep}`)) return 'pnpm';
  if (folder.includes(`${sep}.yarn${sep}`)) return 'yarn';
  for (let place = dirname(folder); ; place = dirname(place)) {
    const found = TRACES.find(([file]) => existsSync(join(place, file)));
    if (found !== undefined) return found[1];
    if (place === dirname(place)) return 'npm';
  }
}

/** Files that a package manager leaves in a project, in the order in which they are looked for. */
const TRACES: readonly (readonly [file: string, manager: PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['.pnp.cjs', 'yarn'],
  ['.yarnrc.yml', 'yarn'],
  ['yarn.lock', 'yarn-classic'],
  ['package-lock.json', 'npm'],
];
