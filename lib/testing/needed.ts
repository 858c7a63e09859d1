/** The syscalls that a command needs, as a file in the repository: what a new version of a dependency adds is seen. */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { readRegularFile } from '../profile/file.js';
import type { SpawnOptions } from '../sandbox/options.js';
import { record } from '../sandbox/record.js';
import type { Verdict } from './assertions.js';

/**
 * The names of the syscalls that `command` and its children make, sorted; those of another than the native ABI after its name.
 * It runs unfiltered, to its end, reads nothing from its pipes, and what it writes to them is dropped. A run may make fewer calls
 * than another one.
 * @throws SeccompError ERR_SECCOMP_OPTION if it does not end with exit code 0: what it needs was then not seen.
 */
export async function neededSyscalls(
  command: readonly string[],
  options: SpawnOptions = {},
): Promise<readonly string[]> {
  const [file, ...args] = command;
  if (file === undefined) throw new SeccompError('ERR_SECCOMP_OPTION', 'the command is empty: [file, ...arguments]');
  const { calls, exitCode, signal } = await record(file, args, options);
  if (exitCode !== 0) {
    const end = signal ?? `exit code ${exitCode}`;
    const message = `${command.join(' ')} ended with ${end}, unfiltered: give a command that works`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const { abi: native } = thisHost();
  const names = calls.map(({ abi, syscall }) => (abi === native ? syscall : `${abi} ${syscall}`));
  return [...new Set(names)].sort();
}

/**
 * Whether `command` needs no syscall that is not in the list `file`, JSON. Where there is no such file it is written; not if CI
 * is set, since nobody would see it there.
 */
export async function needsNoMore(
  command: readonly string[],
  file: string | URL,
  options?: SpawnOptions,
): Promise<Verdict> {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const needed = await neededSyscalls(command, options);
  if (!existsSync(path)) {
    if (process.env['CI'])
      return { holds: false, message: `${path} is not there, and not written where CI is set: run this without` };
    writeFileSync(path, `${JSON.stringify(needed, null, 2)}\n`);
  }
  const known = listIn(path);
  const added = needed.filter((name) => !known.includes(name));
  const text = command.join(' ');
  if (added.length === 0)
    return { holds: true, message: `${text} needs no syscall that ${path} does not list, and should` };
  const message = `${text} needs ${added.join(', ')}, which ${path} does not list: find out why, then add it or delete the file`;
  return { holds: false, message };
}

function listIn(path: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(readRegularFile(path, path, 'list'));
    if (Array.isArray(list)) return list;
  } catch (error) {
    if (error instanceof SeccompError) throw error;
    throw new SeccompError('ERR_SECCOMP_FILE', `${path} can't be read as JSON: delete it, or mend it`, {
      cause: error,
    });
  }
  throw new SeccompError('ERR_SECCOMP_FILE', `${path} is no list of names: delete it, or mend it`);
}
