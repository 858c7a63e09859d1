/** The syscalls that a command needs, and the list of them that a repository keeps to notice new ones. */

import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { refuseIn, SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { endInWords } from '../process-tree/program-end.js';
import { readRegularFile } from '../profile/read-file.js';
import { recordWithEnd } from '../record/record.js';
import type { SpawnOptions } from '../sandbox/options/types.js';
import { printableJson, shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { copyFields, numberProblem, own } from '../util/own-data.js';
import { reasonOf } from '../util/system-error.js';
import { type Command, readCommandLine } from './command.js';
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
  const needed = await programsByCall(readCommandLine(command), options);
  return [...needed.keys()].sort();
}

/** The syscalls that a command needs, each with the first program that made it; null if that is unknown. */
async function programsByCall({ file, args, text }: Command, options?: SpawnOptions) {
  const { recording, end } = await recordWithEnd(file, args, options ?? {});
  const refuse = (why: string): never => {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${text} ${why}`);
  };
  if (!recording.isComplete) refuse(`has no complete list of syscalls: ${recording.notes[0]}`);
  if (end.code !== 0) refuse(`ended with ${endInWords(end)}, without a filter: give a command that works`);
  const { abi: native } = thisHost();
  const programs = new Map<string, string | null>();
  for (const { abi, syscall, executable } of recording.calls) {
    const name = abi === native ? syscall : `${abi} ${syscall}`;
    if (!programs.has(name)) programs.set(name, executable);
  }
  return programs;
}

/** Options of `assertNeedsNoMore` and `toNeedNoMoreThan`. */
export interface NeedsOptions extends SpawnOptions {
  /**
   * How many runs make the list when it is written or updated: another run may make other calls, for example because of
   * timing. Default 1.
   */
  readonly repeat?: number | undefined;
  /** Whether to add new syscalls to the file instead of failing, and to write the file even where CI is set. Default false. */
  readonly update?: boolean | undefined;
}

/** Whether CI is set, and not to a value that says no, such as `CI=false`. */
const isContinuousIntegration = (): boolean =>
  !['', '0', 'false', 'no'].includes((process.env['CI'] ?? '').toLowerCase());

/**
 * Decides whether a command needs only the syscalls that a JSON file lists. If the file does not exist, it is written;
 * but not where the environment variable CI is set, where it would not be committed.
 */
export async function needsNoMore(
  command: readonly string[],
  file: string | URL,
  options?: NeedsOptions,
): Promise<Verdict> {
  const path = readListPath(file);
  const line = readCommandLine(command);
  const { repeat, update, others } = readNeedsOptions(options);
  const known = existsSync(path) ? readList(path) : undefined;
  if (known === undefined && isContinuousIntegration() && !update)
    return {
      holds: undefined,
      message: `${shownName(path)} does not exist, and is not written where CI is set: run this without CI, or give update: true`,
    };
  const draft = known === undefined || update ? new Draft(path) : undefined;
  try {
    const needed = await programsByCall(line, others);
    if (draft === undefined) return verdictOnNeeds(line.text, path, needed, known ?? []);
    for (let runs = 1; runs < repeat; runs++)
      for (const [name, program] of await programsByCall(line, others)) needed.set(name, program);
    const list = [...new Set([...(known ?? []), ...needed.keys()])].sort();
    draft.write(`${printableJson(list, 2)}\n`);
    return verdictOnNeeds(line.text, path, needed, list);
  } finally {
    draft?.discard();
  }
}

/** The options of this assertion, and those of the recording, which checks them. */
function readNeedsOptions(options: NeedsOptions = {}) {
  const { repeat = 1, update = false, ...others } = copyFields(options, refuseIn('options'));
  if (typeof update !== 'boolean')
    throw argumentError('type', `options.update: must be true or false, not ${inspect(update)}`);
  if (typeof repeat !== 'number' || !Number.isInteger(repeat) || repeat < 1 || repeat > MOST_RUNS)
    throw argumentError(
      numberProblem(repeat),
      `options.repeat: must be 1 to ${MOST_RUNS} runs, not ${inspect(repeat)}`,
    );
  return { repeat, update, others: own(others) as SpawnOptions };
}

const MOST_RUNS = 1_000;

function verdictOnNeeds(
  text: string,
  path: string,
  needed: ReadonlyMap<string, string | null>,
  known: readonly unknown[],
): Verdict {
  const added = [...needed]
    .filter(([name]) => !known.includes(name))
    .map(([name, program]) => (program === null ? name : `${name} (made by ${shownName(program)})`))
    .sort();
  if (added.length === 0)
    return {
      holds: true,
      message: `${text} needs only syscalls that ${shownName(path)} lists, and should need others`,
    };
  const remedy = 'find out why, then add them to the file, or run this once with update: true';
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
