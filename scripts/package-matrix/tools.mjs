/** The programs that the matrix runs: one table of pinned versions, from npm, kept in a cache. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Where the programs are kept. They have 1.2 GB. */
export const cache = process.env.SECCOMP_MATRIX_CACHE ?? join(root, 'node_modules/.cache/package-matrix');

const bunCpu = { x64: 'x64', arm64: 'aarch64' }[process.arch];
const nodeOf = (version) => ({ packages: [`node-linux-${process.arch}@${version}`], version });
const typescript = (version) => ({ packages: [`typescript@${version}`, '@types/node@20.19.43'], version });

/** Each tool, by name: its packages, and the version that is printed. Nothing else names a version. */
const TOOLS = {
  'npm 11': { packages: ['npm@11.21.2'], version: '11.21.2' },
  'npm 12': { packages: ['npm@12.2.1'], version: '12.2.1' },
  'pnpm 10': { packages: ['pnpm@10.34.9'], version: '10.34.9' },
  'pnpm 12': { packages: ['pnpm@12.21.0'], version: '12.21.0' },
  'yarn 1': { packages: ['yarn@1.22.22'], version: '1.22.22' },
  'yarn 4': { packages: ['@yarnpkg/cli-dist@4.18.1'], version: '4.18.1' },
  bun: { packages: [`@oven/bun-linux-${bunCpu}@1.4.5`], version: '1.4.5' },
  deno: { packages: [`@deno/linux-${process.arch}-glibc@2.9.6`], version: '2.9.6' },
  'node 20': nodeOf('20.19.6'),
  'node 22': nodeOf('22.23.3'),
  'node 24': nodeOf('24.21.0'),
  'node 26': nodeOf('26.12.1'),
  'typescript 5.9': typescript('5.9.3'),
  'typescript 7': typescript('7.0.2'),
  esbuild: { packages: ['esbuild@0.28.2'], version: '0.28.2' },
  webpack: { packages: ['webpack@5.113.0', 'webpack-cli@7.3.1'], version: '5.113.0' },
  rollup: { packages: ['rollup@4.68.8'], version: '4.68.8' },
};

/** Files of tools whose packages have no command, or one that needs an install script. */
const BINARIES = {
  bun: `@oven/bun-linux-${bunCpu}/bin/bun`,
  deno: `@deno/linux-${process.arch}-glibc/deno`,
  'pnpm 12/pnpm': `@pnpm/exe.linux-${process.arch}/pnpm`,
};

export const versionOf = (name) => TOOLS[name].version;

/** Returns the `node_modules` folder of a tool, which it installs if the cache does not have this version. */
export function modulesOf(name) {
  const { packages } = TOOLS[name];
  const folder = join(cache, packages.join('+').replaceAll('/', '-'));
  if (!existsSync(folder)) {
    const made = `${folder}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    const flags = ['--silent', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    try {
      execFileSync('npm', ['install', '--prefix', made, ...flags, ...packages], { cwd: made, timeout: 300_000 });
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
