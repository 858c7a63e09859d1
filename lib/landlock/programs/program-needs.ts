/** The files that the kernel must be able to read and execute to start a program: itself and its interpreters. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type ExecutableFormat, formatOf } from './executable-format.js';

/** What a program needs in order to start, and what else could change that. */
export interface FoundNeeds {
  /** The program by its path without symbolic links, and the interpreters as they are named. Empty if there is nothing to execute. */
  readonly needs: readonly string[];
  /** Other paths at which the program was looked for: there is nothing, or a symbolic link on the way to it. */
  readonly places: readonly string[];
  /**
   * Whether the needs are the same for as long as the same files with the same content are at their paths and at the
   * places.
   */
  readonly isSettled: boolean;
}

/**
 * Finds the program that execvp(3) would start, and its interpreters: those of `#!` lines, what loads an ELF file's
 * libraries, and `/bin/sh` for a file of an unknown format. Interpreters that the kernel finds by binfmt_misc, such as
 * emulators, are not among these.
 *
 * A file that is missing, not regular or not executable is left out, and so is an interpreter of an unknown format, which
 * the kernel can't run: a `#!` line can't name a secret, even on a file system where every file is executable. For the same
 * reason, a candidate of which an interpreter is missing is left out if a later one can be started.
 *
 * @param candidates - The paths that execve(2) tries in turn.
 * @param directory - The child's working directory, to which relative paths refer.
 */
export function findNeeds(candidates: readonly string[], directory: string): FoundNeeds {
  const failing: string[] = []; // With these, execve(2) fails as it does without `paths`.
  const places: string[] = [];
  let isSettled = true;
  for (const candidate of candidates) {
    const path = absolute(candidate, directory);
    const program = executable(path);
    if (program === undefined && !isMissing(path)) {
      isSettled = false; // Its directory may be out of reach, so that no rule could name it.
      continue;
    }
    if (program?.real !== path) places.push(path);
    if (program === undefined) continue;
    const needs = [program.real];
    const found = addInterpreters(program, directory, needs);
    if (found !== 'missing') return { needs, places, isSettled: isSettled && found === 'all' };
    failing.push(...needs);
    isSettled = false;
  }
  return { needs: failing, places, isSettled: false };
}

function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** As many interpreters as the kernel runs for one program: see exec_binprm of its fs/exec.c. */
const MOST_INTERPRETERS = 5;

const SHELL = '/bin/sh';

/** Whether an interpreter is missing, so that the next candidate is tried; if not, whether the found files name all. */
type Found = 'missing' | 'all' | 'unsettled';

/** Adds a program's interpreters to `needs`. */
function addInterpreters(program: Executable, directory: string, needs: string[]): Found {
  let { format } = program;
  for (let depth = 0; format?.kind === 'script'; depth++) {
    if (depth === MOST_INTERPRETERS) return 'unsettled'; // ELOOP: execvp(3) tries no other candidate.
    const interpreter = executable(absolute(format.interpreter, directory));
    if (interpreter === undefined) return 'missing';
    if (interpreter.format?.kind === 'unknown') return 'unsettled';
    needs.push(interpreter.named);
    ({ format } = interpreter);
  }
  if (format?.kind === 'elf')
    return format.interpreter === undefined ? 'all' : addLoader(format.interpreter, directory, needs);
  if (format === undefined) return 'unsettled';
  const shell = executable(SHELL);
  if (shell === undefined) return 'unsettled';
  needs.push(shell.named);
  if (shell.format?.kind === 'elf' && shell.format.interpreter !== undefined)
    addLoader(shell.format.interpreter, directory, needs);
  return 'unsettled';
}

function addLoader(path: string, directory: string, needs: string[]): Found {
  const loader = executable(absolute(path, directory));
  if (loader === undefined) return 'missing';
  if (loader.format?.kind !== 'elf') return 'unsettled';
  needs.push(loader.named);
  return 'all';
}

/** An absolute path. `..` stays, as it refers to where a link before it leads. */
export function absolute(path: string, directory: string): string {
  if (isAbsolute(path)) return path;
  return isAbsolute(directory) ? `${directory}/${path}` : `${process.cwd()}/${directory}/${path}`;
}

/** A regular file that this process may execute. */
interface Executable {
  /** The path that was given. */
  readonly named: string;
  /** Its path without symbolic links. */
  readonly real: string;
  /** Undefined if this process can't read the file. */
  readonly format: ExecutableFormat | undefined;
  /** Show whether it is still there. */
  readonly stats: Stats;
}

/** What was found, by path. */
const known = new Map<string, Executable>();
const MOST_KNOWN = 1_000;

/** Returns the file at a path if it is an executable regular file, which is opened only if it has changed. */
function executable(path: string): Executable | undefined {
  const stats = statsOf(path);
  if (stats === undefined || !stats.isFile()) return undefined;
  const before = known.get(path);
  if (before !== undefined && isSame(before.stats, stats) && isAt(before.real, path, stats)) return before;
  const found = inspect(path, stats);
  if (known.size >= MOST_KNOWN) known.clear();
  if (found === undefined) known.delete(path);
  else known.set(path, found);
  return found;
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // Such as EACCES or ELOOP: execve(2) fails too.
  }
}

/** Whether these are the same file with the same content and rights. */
const isSame = (a: Stats, b: Stats): boolean =>
  a.ino === b.ino && a.dev === b.dev && a.ctimeMs === b.ctimeMs && a.mtimeMs === b.mtimeMs && a.size === b.size;

/** Whether the file to which a link led is still at its own path. */
function isAt(real: string, path: string, stats: Stats): boolean {
  if (real === path) return true;
  const now = statsOf(real);
  return now !== undefined && isSame(now, stats);
}

function inspect(path: string, stats: Stats): Executable | undefined {
  try {
    accessSync(path, constants.X_OK);
    return { named: path, real: realpathSync.native(path), format: readFormat(path, stats), stats };
  } catch {
    return undefined;
  }
}

/** Returns undefined for a file that this process can't read, or that is no longer the one at `stats`. */
function readFormat(path: string, stats: Stats): ExecutableFormat | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  let descriptor: number;
  try {
    // Opening a named pipe would block, had one taken the file's place since.
    descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
  try {
    if (!isSame(fstatSync(descriptor), stats)) return undefined;
    return formatOf((position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    });
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The files that Node reads before it runs a module: the module, and the package.json that says how it is read. Node fails
 * if it may not read a package.json that exists. As in Node, `.js` may be left out of the module's path.
 *
 * @param module - An absolute path.
 */
export function moduleNeeds(module: string): readonly string[] {
  const configuration = (folder: string): readonly string[] => {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return [file];
    const parent = dirname(folder);
    return parent === folder ? [] : configuration(parent);
  };
  return [module, `${module}.js`, ...configuration(dirname(module))];
}
