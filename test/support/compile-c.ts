/** Compiles the small C programs that tests run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.js';

const directory = temporaryFolder('seccomp-c-');
const built = new Map<string, string>();

/**
 * The path of the program made from `test/support/NAME.c`. Needs a C compiler, with options if CC has some, or the C++
 * compiler that the addon needs.
 */
export function compileC(name: string, flags: readonly string[] = ['-static']): string {
  const key = [name, ...flags].join(' ');
  const known = built.get(key);
  if (known !== undefined) return known;
  const program = join(directory, String(built.size), basename(name, '.c'));
  mkdirSync(dirname(program), { recursive: true });
  const source = fileURLToPath(new URL(name, import.meta.url));
  const [cc = '', ...options] = (process.env['CC'] ?? 'cc').split(' ');
  const [command, ...first] = spawnSync(cc, ['--version']).status === 0 ? [cc, ...options] : ['g++', '-x', 'c'];
  execFileSync(command, [...first, '-O1', '-Wall', '-Wextra', ...flags, '-o', program, source]);
  built.set(key, program);
  return program;
}
