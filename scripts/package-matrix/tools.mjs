/**
 * The programs that the matrix runs: one table of pinned versions, from npm, kept in a cache. tools-lock.json has the
 * SHA-512 of each package and of what it depends on. After a change of the table, run scripts/package-matrix/lock.mjs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Where the programs are kept. They have 1.2 GB. */
export const cache = process.env.SECCOMP_MATRIX_CACHE ?? join(root, 'node_modules/.cache/package-matrix');

const LOCKS = join(import.meta.dirname, 'tools-lock.json');

const bunOf = (cpu) => `@oven/bun-linux-${{ x64: 'x64', arm64: 'aarch64' }[cpu]}`;
const denoOf = (cpu) => `@deno/linux-${cpu}-glibc`;

/** The CPUs for which tools-lock.json has the tools. */
export const CPUS = ['x64', 'arm64'];

/** Returns each tool for a CPU, by name: its packages, and the version that is printed. Nothing else names a version. */
export function toolsFor(cpu) {
  const nodeOf = (version) => ({ packages: [`node-linux-${cpu}@${version}`], version });
  const typescript = (version) => ({ packages: [`typescript@${version}`, '@types/node@20.19.43'], version });
  return {
    'npm 11': { packages: ['npm@11.21.2'], version: '11.21.2' },
    'npm 12': { packages: ['npm@12.2.1'], version: '12.2.1' },
    'pnpm 10': { packages: ['pnpm@10.34.9'], version: '10.34.9' },
    'pnpm 12': { packages: ['pnpm@12.21.0'], version: '12.21.0' },
    'yarn 1': { packages: ['yarn@1.22.22'], version: '1.22.22' },
    'yarn 4': { packages: ['@yarnpkg/cli-dist@4.18.1'], version: '4.18.1' },
    bun: { packages: [`${bunOf(cpu)}@1.4.5`], version: '1.4.5' },
    deno: { packages: [`${denoOf(cpu)}@2.9.6`], version: '2.9.6' },
    'node 20': nodeOf('20.19.6'),
    'node 22': nodeOf('22.23.3'),
    'node 24': nodeOf('24.21.0'),
    // npm has no package of 26.12.1 for arm64, and none of 26.12.0 for x64.
    'node 26': nodeOf(cpu === 'arm64' ? '26.12.0' : '26.12.1'),
    'typescript 5.9': typescript('5.9.3'),
    'typescript 7': typescript('7.0.2'),
    esbuild: { packages: ['esbuild@0.28.2'], version: '0.28.2' },
    webpack: { packages: ['webpack@5.113.0', 'webpack-cli@7.3.1'], version: '5.113.0' },
    rollup: { packages: ['rollup@4.68.8'], version: '4.68.8' },
  };
}

const TOOLS = toolsFor(process.arch);

/** Files of tools whose packages have no command, or one that needs an install script. */
const BINARIES = {
  bun: `${bunOf(process.arch)}/bin/bun`,
  deno: `${denoOf(process.arch)}/deno`,
  'pnpm 12/pnpm': `@pnpm/exe.linux-${process.arch}/pnpm`,
};

export const versionOf = (name) => TOOLS[name].version;

/** The name of a tool's lock in tools-lock.json. */
export const lockNameOf = ({ packages }) => packages.join(' ');

/** Returns the package.json of a project that depends on a tool. */
export function manifestOf({ packages }) {
  const nameAndVersion = (text) => [text.slice(0, text.lastIndexOf('@')), text.slice(text.lastIndexOf('@') + 1)];
  return { dependencies: Object.fromEntries(packages.map(nameAndVersion)) };
}

const folderOf = ({ packages }) => join(cache, packages.join('+').replaceAll('/', '-'));

/** Whether the cache has a tool. */
export const isCached = (name) => existsSync(folderOf(TOOLS[name]));

/**
 * Returns the `node_modules` folder of a tool, which it installs if the cache does not have this version.
 *
 * @param locks - The file with the locks of the tools.
 */
export function modulesOf(name, locks = LOCKS) {
  const tool = TOOLS[name];
  const folder = folderOf(tool);
  if (!existsSync(folder)) {
    const made = `${folder}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    const manifest = manifestOf(tool);
    const packages = { '': manifest, ...JSON.parse(readFileSync(locks, 'utf8'))[lockNameOf(tool)] };
    writeFileSync(join(made, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(made, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
    const flags = ['--loglevel=error', '--ignore-scripts', '--no-audit', '--no-fund'];
    try {
      execFileSync('npm', ['ci', ...flags], { cwd: made, timeout: 300_000, stdio: ['ignore', 'pipe', 'pipe'] });
      renameSync(made, folder);
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  }
  return join(folder, 'node_modules');
}

/** Returns the file of a tool's command. */
export function commandOf(name, command = name.split(' ')[0]) {
  const binary = BINARIES[name] ?? BINARIES[`${name}/${command}`];
  return join(modulesOf(name), binary ?? `.bin/${command}`);
}
