/**
 * Profiles named by an argument of a command: whatever the library loads, and also a pipe, by its path or as `-` for
 * stdin.
 */
import { close, fstatSync, open, read, type Stats, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import {
  type CheckOptions,
  checkProfile,
  loadProfile,
  type Profile,
  ProfileError,
  type ProfileIssue,
  type ProfileOptions,
  parseProfile,
  SeccompError,
} from '../index.js';
import { kindInWords, MOST_BYTES, tooManyBytes } from '../profile/read-file.js';
import { kindOfString } from '../profile/source-names.js';
import { shownName } from '../util/foreign-text.js';
import { checkSandbox, checkSandboxText } from './sandbox-argument.js';

/** The argument that names standard input. */
const STDIN = '-';

/** Loads the profile that an argument names. */
export async function loadArgument(argument: string, options: ProfileOptions = {}): Promise<Profile> {
  const piped = await readPipe(argument);
  if (piped === undefined) return loadProfile(argument, options);
  const { text, source } = piped;
  return isJsonText(text) ? loadProfile(text, { ...options, source }) : parseProfile(text, { ...options, source });
}

/** Checks the profile or the sandbox that an argument names. Returns its name for messages, and the issues. */
export async function checkArgument(
  argument: string,
  options: CheckOptions,
): Promise<{ readonly profile: string; readonly issues: readonly ProfileIssue[] }> {
  const piped = await readPipe(argument);
  if (piped === undefined) {
    const issues = checkSandbox(argument, options) ?? checkProfile(argument, options);
    return { profile: isJsonText(argument) ? 'inline' : argument, issues };
  }
  const { text, source } = piped;
  const ofSandbox = checkSandboxText(text, source, options);
  return { profile: source, issues: ofSandbox ?? (isJsonText(text) ? checkProfile(text, options) : issuesOf(text)) };
}

/** Whether an argument is JSON text. The text from a pipe is always taken as JSON, never as a name or a path. */
function isJsonText(text: string): boolean {
  return kindOfString(text) === 'text';
}

function issuesOf(text: string): readonly ProfileIssue[] {
  try {
    return parseProfile(text).warnings;
  } catch (error) {
    if (error instanceof ProfileError) return error.issues;
    throw error;
  }
}

/**
 * Reads the pipe that an argument names. Returns its text and its name for messages; undefined if the argument names no
 * pipe.
 */
async function readPipe(argument: string): Promise<{ readonly text: string; readonly source: string } | undefined> {
  if (argument === STDIN) {
    refuseInput(fstatSync(0));
    return { text: await readAll(0, 'stdin'), source: 'stdin' };
  }
  if (kindOfString(argument) !== 'path' || !statOf(argument)?.isFIFO()) return undefined;
  const descriptor = await promisify(open)(argument, 'r');
  try {
    return { text: await readAll(descriptor, argument), source: argument };
  } finally {
    await promisify(close)(descriptor);
  }
}

/** Undefined for a file that does not exist or can't be examined: the library reports that. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Refuses a stdin that holds no profile. Reading from a terminal, for example, would wait for input. */
function refuseInput(stats: Stats): void {
  if (stats.isFile() || stats.isFIFO() || stats.isSocket()) return;
  const kind = isatty(0) ? 'a terminal' : kindInWords(stats);
  const remedy = 'write "… | seccomp" or "seccomp … < FILE"';
  const message = `stdin: this is ${kind}, but a profile must come from a pipe or a file: ${remedy}`;
  throw new SeccompError('ERR_SECCOMP_FILE', message);
}

/** Milliseconds between two attempts to read from a descriptor that another process has made non-blocking. */
const RETRY_PAUSE = 20;

async function readAll(descriptor: number, source: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size <= MOST_BYTES) {
    const count = await readSome(descriptor, chunks, source);
    if (count === 0) return Buffer.concat(chunks).toString();
    size += count;
  }
  throw tooManyBytes(source);
}

/** Waits until there is something to read, and reads it. Returns the number of bytes; 0 at the end. */
async function readSome(descriptor: number, chunks: Buffer[], source: string): Promise<number> {
  const chunk = Buffer.allocUnsafe(64 * 1024);
  for (;;) {
    try {
      const { bytesRead } = await promisify(read)(descriptor, chunk, 0, chunk.length, null);
      chunks.push(chunk.subarray(0, bytesRead));
      return bytesRead;
    } catch (error) {
      const isEmpty = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isEmpty)
        throw new SeccompError('ERR_SECCOMP_FILE', `${shownName(source)}: ${String(error)}`, { cause: error });
      await setTimeout(RETRY_PAUSE);
    }
  }
}
