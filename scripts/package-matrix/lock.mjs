/** Writes tools-lock.json: the packages of each tool of tools.mjs, and what they depend on, with their SHA-512. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CPUS, lockNameOf, manifestOf, toolsFor } from './tools.mjs';

const tools = CPUS.flatMap((cpu) => Object.values(toolsFor(cpu)));
const locks = Object.fromEntries(
  [...new Map(tools.map((tool) => [lockNameOf(tool), tool]))].map(([name, tool]) => [name, lock(tool)]),
);
writeFileSync(join(import.meta.dirname, 'tools-lock.json'), `${JSON.stringify(locks, null, 1)}\n`);

/** Returns `packages` of the package-lock.json of a project that depends on a tool, without the project itself. */
function lock(tool) {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-lock-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifestOf(tool)));
    // --force: npm would not lock packages for another CPU.
    const flags = [
      '--package-lock-only',
      '--omit-lockfile-registry-resolved',
      '--force',
      '--ignore-scripts',
      '--no-audit',
    ];
    execFileSync('npm', ['install', ...flags, '--silent'], { cwd: folder });
    const { '': _project, ...packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
    return forLinux(packages);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Leaves out the optional packages for other platforms, some of which npm does not have at this version. */
function forLinux(packages) {
  const isUsable = ({ optional, os = ['linux'], cpu = CPUS }) =>
    optional !== true || (os.includes('linux') && CPUS.some((name) => cpu.includes(name)));
  const usable = Object.entries(packages).filter(([, entry]) => isUsable(entry));
  const isLocked = ([name]) => usable.some(([path]) => path.endsWith(`node_modules/${name}`));
  return Object.fromEntries(
    usable.map(([path, { optionalDependencies, ...entry }]) => {
      if (optionalDependencies === undefined) return [path, entry];
      const locked = Object.entries(optionalDependencies).filter(isLocked);
      return [path, { ...entry, optionalDependencies: Object.fromEntries(locked) }];
    }),
  );
}
