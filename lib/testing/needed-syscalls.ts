/** The syscalls that a command needs, and the list of them that a repository keeps to notice new ones. */

import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { endInWords } from '../process-tree/program-end.js';
import { readRegularFile } from '../profile/read-file.js';
import { recordWithEnd } from '../record/record.js';
import type { SpawnOptions } from '../sandbox/options/types.js';
import { printableJson, shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { reasonOf } from '../util/system-error.js';
import { readCommandLine } from './command.js';
import type { Verdict } from './verdict.js';

/**
 * Runs a command to its end, without a filter, and returns the syscalls that it and its children make. The command
 * reads no input from its pipes, and its output is dropped. Another run may make other syscalls, for example because of
 * timing.
 *
 * @param command - The program and its arguments: `[file, ...arguments]`.
 * @param options - Options of `spawn`, such as `cwd` and `env`.
 * @returns The names, sorted. A syscall of an ABI other than the native one follows the ABI's name: `x86 read`.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if the command does not end with exit code 0, or a timeout, an abort or a limit
 * ends it, since it may need more syscalls than those of this run.
 * @example
 * import { neededSyscalls } from 'seccomp/testing';
 *
 * const names = await neededSyscalls(['true']);
 * console.log(names.includes('exit_group')); // true
 */
export async function neededSyscalls(command: readonly string[], options?: SpawnOptions): Promise<readonly string[]> {
  const { file, args, text } = readCommandLine(command);
  const { recording, end } = await recordWithEnd(file, args, options ?? {});
  const refuse = (why: string): never => {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${text} ${why}`);
  };
  if (!recording.isComplete) refuse(`has no complete list of syscalls: ${recording.notes[0]}`);
  if (end.code !== 0) refuse(`ended with ${endInWords(end)}, without a filter: give a command that works`);
  const { abi: native } = thisHost();
  const names = recording.calls.map(({ abi, syscall }) => (abi === native ? syscall : `${abi} ${syscall}`));
  return [...new Set(names)].sort();
}

/**
 * Decides whether a command needs only the syscalls that a JSON file lists. If the file does not exist, it is written;
 * but not where the environment variable CI is set, where it would not be committed.
 */
export async function needsNoMore(
  command: readonly string[],
  file: string | URL,
  options?: SpawnOptions,
): Promise<Verdict> {
  const path = readListPath(file);
  const { file: program, args, text } = readCommandLine(command);
  const known = existsSync(path) ? readList(path) : undefined;
  if (known === undefined && process.env['CI'])
    return {
      holds: undefined,
      message: `${shownName(path)} does not exist, and is not written where CI is set: run this without CI`,
    };
  const draft = known === undefined ? new Draft(path) : undefined;
  try {
    const needed = await neededSyscalls([program, ...args], options);
    draft?.write(`${printableJson(needed, 2)}\n`);
    return verdictOnNeeds(text, path, needed, known ?? needed);
  } finally {
    draft?.discard();
  }
}

function verdictOnNeeds(text: string, path: string, needed: readonly string[], known: readonly unknown[]): Verdict {
  const added = needed.filter((name) => !known.includes(name));
  if (added.length === 0)
    return {
      holds: true,
      message: `${text} needs only syscalls that ${shownName(path)} lists, and should need others`,
    };
  const remedy = 'find out why, then add them to the file or delete it';
  return {
    holds: false,
    message: `${text} needs ${added.join(', ')}, which ${shownName(path)} does not list: ${remedy}`,
  };
}

function readList(path: string): readonly unknown[] {
  const remedy = 'correct it, or delete it';
  try {
    const list: unknown = JSON.parse(readRegularFile(path, path, 'list'));
    if (Array.isArray(list)) return list;
  } catch (cause) {
    if (cause instanceof SeccompError) throw cause;
    throw new SeccompError('ERR_SECCOMP_FILE', `${shownName(path)} can't be read as JSON: ${remedy}`, { cause });
  }
  throw new SeccompError('ERR_SECCOMP_FILE', `${shownName(path)} is not a list of names: ${remedy}`);
}

function readListPath(file: unknown): string {
  if (file instanceof URL) return fileURLToPath(file);
  if (typeof file === 'string' && file !== '') return file;
  throw argumentError(file === '' ? 'value' : 'type', `file: must be a path or a file URL, not ${inspect(file)}`);
}

/** A new list. The file is created before the command runs, so that a path that can't be written is reported first. */
class Draft {
  readonly #path: string;
  readonly #draft: string;

  /** @throws {SeccompError} ERR_SECCOMP_FILE if no file can be created in the directory. */
  constructor(path: string) {
    this.#path = existsSync(path) ? realpathSync(path) : path;
    // Without dirname(), which ignores a slash at the end.
    this.#draft = `${this.#path.slice(0, this.#path.lastIndexOf('/') + 1)}.${randomUUID()}.tmp`;
    try {
      writeFileSync(this.#draft, '', { flag: 'wx' });
    } catch (error) {
      throw this.#failure(error, 'and nothing was run: name a file in a directory that you may write to');
    }
  }

  write(text: string): void {
    try {
      writeFileSync(this.#draft, text);
      renameSync(this.#draft, this.#path);
    } catch (error) {
      throw this.#failure(error, 'after the command has run: make room for it, then run it again');
    }
  }

  #failure(cause: unknown, remedy: string): SeccompError {
    const message = `${shownName(this.#path)}: the list can't be written (${reasonOf(cause)}), ${remedy}`;
    return new SeccompError('ERR_SECCOMP_FILE', message, { cause });
  }

  discard(): void {
    rmSync(this.#draft, { force: true });
  }
}
