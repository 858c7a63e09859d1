/** The syscalls that a command needs, as a file in the repository: what a new version of a dependency adds is seen. */
import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { readRegularFile } from '../profile/read-file.js';
import { record } from '../record/record.js';
import type { SpawnOptions } from '../sandbox/options/options.js';
import type { Verdict } from './command.js';
import { readCommand } from './command.js';

/**
 * The names of the syscalls that `command` and its children make, sorted; those of another than the native ABI after its name.
 * It runs unfiltered, to its end, reads nothing from its pipes, and what it writes to them is dropped. A run may make fewer calls
 * than another one.
 * @throws SeccompError ERR_SECCOMP_OPTION if it does not end with exit code 0: what it needs was then not seen.
 */
export async function neededSyscalls(command: readonly string[], options?: SpawnOptions): Promise<readonly string[]> {
  const { file, args, text } = readCommand(command);
  const { calls, exitCode, signal } = await record(file, args, options);
  if (exitCode !== 0) {
    const end = signal ?? `exit code ${exitCode}`;
    const message = `${text} ended with ${end}, unfiltered: give a command that works`;
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
  const path = readPath(file);
  const { file: program, args, text } = readCommand(command);
  const known = existsSync(path) ? listIn(path) : undefined;
  if (known === undefined && process.env['CI'])
    return { holds: false, message: `${path} is not there, and not written where CI is set: run this without` };
  const draft = known === undefined ? new Draft(path) : undefined;
  try {
    const needed = await neededSyscalls([program, ...args], options);
    draft?.write(`${JSON.stringify(needed, null, 2)}\n`);
    return difference(text, path, needed, known ?? needed);
  } finally {
    draft?.discard();
  }
}

function difference(text: string, path: string, needed: readonly string[], known: readonly unknown[]): Verdict {
  const added = needed.filter((name) => !known.includes(name));
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

function readPath(file: unknown): string {
  if (file instanceof URL) return fileURLToPath(file);
  if (typeof file === 'string' && file !== '') return file;
  throw new SeccompError('ERR_SECCOMP_OPTION', `file: must be a path or a file URL, not ${inspect(file)}`);
}

/** A new list, begun beside its place before the command runs: that it can't be written is found out then. */
class Draft {
  readonly #path: string;
  readonly #draft: string;

  /** @throws SeccompError ERR_SECCOMP_FILE if no file can be written there. */
  constructor(path: string) {
    this.#path = existsSync(path) ? realpathSync(path) : path;
    // Not by dirname(), to which a path that ends in a slash is that of a file.
    this.#draft = `${this.#path.slice(0, this.#path.lastIndexOf('/') + 1)}.${randomUUID()}.tmp`;
    try {
      writeFileSync(this.#draft, '', { flag: 'wx' });
    } catch (error) {
      throw this.#failure(error, 'and nothing was run: name a file in a directory where you may write');
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

  #failure(error: unknown, remedy: string): SeccompError {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${this.#path}: the list can't be written (${reason}), ${remedy}`;
    return new SeccompError('ERR_SECCOMP_FILE', message, { cause: error });
  }

  discard(): void {
    rmSync(this.#draft, { force: true });
  }
}
