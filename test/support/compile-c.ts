/** Compiles the small C programs that tests run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-c-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const built = new Map<string, string>();

/**
 * The path of the program made from `test/support/NAME.c`. Needs a C compiler, with options if CC has some, or the C++
 * compiler that the addon needs.
 */
export function compileC(name: string, flags: readonly string[] = ['-static']): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  const program = join(directory, basename(name, '.c'));
  const source = fileURLToPath(new URL(name, import.meta.url));
  const [cc = '', ...options] = (process.env['CC'] ?? 'cc').split(' ');
  const [command, ...first] = spawnSync(cc, ['--version']).status === 0 ? [cc, ...options] : ['g++', '-x', 'c'];
  execFileSync(command, [...first, '-O1', '-Wall', '-Wextra', ...flags, '-o', program, source]);
  built.set(name, program);
  return program;
}
